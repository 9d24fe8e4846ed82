-- schedules_due: the schedules that are due, those due first before the others; writes nothing
-- args: skip limit
-- with: clock schedules
-- returns: {time, ms until another one is due (-1: none is waited for),
--          {{name, due, its fields as HGETALL has them}, …}}
-- `skip`: how many of those due first are passed over, because they cannot run.
-- A queue that drains has none: they stay due until it flows again.
if redis.call('HGET', COUNTERS, 'mode') == 'draining' then return { NOW, -1, {} } end
local due = redis.call('ZRANGEBYSCORE', SCHEDULES, '-inf', NOW, 'WITHSCORES', 'LIMIT', skip, limit)
local found = {}
for at = 1, #due, 2 do
  found[#found + 1] = { due[at], due[at + 1], redis.call('HGETALL', schedule_key(due[at])) }
end
local _, later = unpack(
  redis.call('ZRANGEBYSCORE', SCHEDULES, '(' .. AT, '(inf', 'WITHSCORES', 'LIMIT', 0, 1))
return { NOW, later and later - NOW or -1, found }
