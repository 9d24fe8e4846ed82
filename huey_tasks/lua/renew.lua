-- renew: STARTED -> STARTED, with a longer lease
-- args: lease_ms
-- then, for each task: id token
-- returns: the id and the token of each that holds no lease any more (cancelled, or given away),
--          and 1 if there is no such task at all: somebody has erased it
write_even_if_full()
local lost = {}
for at = 2, #ARGV, 2 do
  if holds(ARGV[at], ARGV[at + 1]) then
    redis.call('ZADD', index_key('STARTED'), 'XX', NOW + lease_ms, ARGV[at])
  else
    lost[#lost + 1] = ARGV[at]
    lost[#lost + 1] = ARGV[at + 1]
    lost[#lost + 1] = 1 - redis.call('EXISTS', task_key(ARGV[at]))
  end
end
return lost
