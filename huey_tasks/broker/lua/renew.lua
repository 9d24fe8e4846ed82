-- renew: STARTED -> STARTED, with a longer lease; so for a cancelled attempt that still runs
-- args: lease_ms
-- with: clock stopping tasks
-- then, for each task: id token
-- returns: the id and the token of each that holds no lease any more (cancelled, or recovered),
--          and 1 if there is no such task at all: somebody has erased it
write_even_if_full()
local lost = {}
for at = MORE, #ARGV, 2 do
  local id, token = ARGV[at], ARGV[at + 1]
  if holds(id, token) then
    redis.call('ZADD', index_key('STARTED'), 'XX', NOW + lease_ms, id)
  else
    go_on_stopping(id, token, lease_ms)
    lost[#lost + 1] = id
    lost[#lost + 1] = token
    lost[#lost + 1] = 1 - redis.call('EXISTS', task_key(id))
  end
end
return lost
