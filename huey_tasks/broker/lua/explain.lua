-- explain: everything that shows why a task does not run, in one look; writes nothing
-- args: id task_type minutes online_ms
-- with: blocked clock history known_types
-- `id`: '' for a task of that type that is not stored yet, which would be the last of the queue.
-- returns: {} when there is no such task, else {time, its fields in the order of EXPLAINED in
--          task_hash.py,
--          mode of the queue, place among the PENDING tasks (from 0; -1: it is not PENDING; a blocked
--          task counts among those blocked on the same), how many wait,
--          how many tasks have started in these minutes, ms since the first of those minutes began,
--          the live consumers that know its type, those that do not,
--          who set the mode, why, and when in ms}
local task = redis.call('HMGET', task_key(id), Explained.NAMES)
local type, blocked_on = task[Explained.type] or task_type, task[Explained.blocked_on]
if not task[Explained.state] and id ~= '' then return {} end

-- How many have started in the present minute, which is not folded yet, and in those before it.
local starts, over_ms = 0, 0
local minute = math.floor(NOW / 60000)
local function count_starts(number, counts)
  for what, times in pairs(counts) do
    if what:sub(1, 5) == 'wait.' then
      starts, over_ms = starts + times, math.max(over_ms, NOW - number * 60000)
    end
  end
end
local present = redis.call('HGETALL', NOTED)
local since = tonumber(redis.call('HGET', NOTED, 'minute') or -1)
if since > minute - minutes then count_starts(since, by_type(present)['']) end
for number = minute - minutes + 1, minute do
  local sums = redis.call('HGET', ROOT .. ':history:minute:' .. number, '')
  if sums then count_starts(number, cjson.decode(sums)) end
end

local function place()
  if id == '' then return redis.call('ZCARD', index_key('PENDING')) end
  if not blocked_on then return redis.call('ZRANK', index_key('PENDING'), id) or -1 end
  local is_apart = blocked_on == ALONE or task[Explained.host]
  local before = not is_apart
    and redis.call('ZCOUNT', index_key('PENDING'), '-inf', task[Explained.place])
  return (before or 0) + (redis.call('ZRANK', blocked_key(blocked_on), id) or 0)
end

local knowing, others = {}, {}
for _, consumer in ipairs(redis.call('ZRANGEBYSCORE', CONSUMERS, NOW - online_ms, '+inf')) do
  local which = knows(consumer, type) and knowing or others
  -- Function hosts run no task types, and know none.
  if not consumer:match('-functions$') then which[#which + 1] = consumer end
end
local by, why, since = unpack(redis.call('HMGET', COUNTERS, 'mode_by', 'mode_why', 'mode_at'))
return { NOW, task, redis.call('HGET', COUNTERS, 'mode') or '', place(),
  redis.call('ZCARD', index_key('PENDING')), starts, over_ms, knowing, others, by or '', why or '', since or '' }
