-- renew: STARTED -> STARTED, with a longer lease
-- args: lease_ms
-- then, for each task: id token
-- returns: the ids whose token holds no lease any more (cancelled, or given to another worker)
local lost = {}
for at = 2, #ARGV, 2 do
  if redis.call('HGET', task_key(ARGV[at]), 'token') == ARGV[at + 1] then
    redis.call('ZADD', index_key('STARTED'), 'XX', NOW + lease_ms, ARGV[at])
  else
    lost[#lost + 1] = ARGV[at]
  end
end
return lost
