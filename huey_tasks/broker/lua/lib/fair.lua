-- Fair turns: tasks of a type with `fair_by` take turns by the value of that payload field. The first
-- waiting task of each value is of the first round, the second of the next one, and so on. A round has
-- the place of the task that began it, and all tasks of the round stand there: so a value with few
-- tasks stands beside the first ones of a value with many. No task stands behind where it would
-- without turns, and claims go by places as ever.
--   rounds  ZSET of the rounds that have not begun to run, by their places
--   turns   ZSET of the values, by the last round that each is in
-- Both are of one type and one priority in one queue.
-- with: payload_field queueing
local FAIR = PREFIX .. ':fair'
local function rounds_key(type, priority, root)
  return (root or ROOT) .. ':rounds:' .. tonumber(priority) .. ':' .. type
end
local function turns_key(type, priority, root)
  return (root or ROOT) .. ':turns:' .. tonumber(priority) .. ':' .. type
end

-- Rounds are forgotten when nothing of their type was submitted for a day; the next task then stands
-- at the end.
local ROUNDS_MS = 86400000

local function place_in_turn(type, message, priority, root)
  local place, field = new_place(priority, root), redis.call('HGET', FAIR, type)
  if not field then return place end
  local rounds, turns = rounds_key(type, priority, root), turns_key(type, priority, root)
  local value = value_in(message, field)
  local first = tonumber(redis.call('ZRANGE', rounds, 0, 0)[1])
  local round = tonumber(redis.call('ZSCORE', turns, value) or 0) + 1
  if first then
    redis.call('ZREMRANGEBYSCORE', turns, '-inf', '(' .. first)
    round = math.max(round, first)
  elseif redis.call('EXISTS', turns) == 1 then
    -- All rounds have begun: the next one is behind the last.
    round = tonumber(redis.call('ZRANGE', turns, -1, -1, 'WITHSCORES')[2]) + 1
    redis.call('DEL', turns)
  end
  local at = redis.call('ZSCORE', rounds, round) or place
  redis.call('ZADD', rounds, 'NX', at, round)
  redis.call('ZADD', turns, round, value)
  redis.call('PEXPIRE', rounds, ROUNDS_MS)
  redis.call('PEXPIRE', turns, ROUNDS_MS)
  return at
end

-- The same for a task that is stored already.
local function place_again(id, priority)
  local type, message = unpack(redis.call('HMGET', task_key(id), 'type', 'message'))
  return place_in_turn(type, message, priority)
end

-- When a task starts, its round has begun: no other joins it.
local function end_rounds(id, type)
  local place, priority = unpack(redis.call('HMGET', task_key(id), 'place', 'priority'))
  redis.call('ZREMRANGEBYSCORE', rounds_key(type, priority), '-inf', place)
end
