-- explain: what one look tells of why a task does not run; writes nothing
-- args: id minutes
-- returns: {} when there is no such task, else {time, fields in the order of FIELDS in explain.py,
--          mode of the queue, place among those that wait (from 0; -1: it does not), how many wait,
--          how many tasks have started in these minutes, ms since the first of those minutes began}
local task = redis.call('HMGET', task_key(id), 'state', 'type', 'attempt', 'due_at', 'token',
  'started_at', 'finished_at', 'reason', 'attempts')
if not task[1] then return {} end

local starts, over_ms = 0, 0
local minute = math.floor(NOW / 60000)
for back = 0, minutes - 1 do
  local counts = redis.call('HGETALL', ROOT .. ':history:minute:' .. minute - back)
  for at = 1, #counts, 2 do
    if counts[at]:find('|wait%.%d+$') then
      starts, over_ms = starts + counts[at + 1], NOW - (minute - back) * 60000
    end
  end
end
return { NOW, task, redis.call('HGET', COUNTERS, 'mode') or '',
  redis.call('ZRANK', index_key('PENDING'), id) or -1, redis.call('ZCARD', index_key('PENDING')),
  starts, over_ms }
