-- Fair turns: tasks of a type with `fair_by` take turns by the value of that payload field. The first
-- waiting task of each value is of the first round, the second of the next one, and so on. A round has
-- the place of the task that began it, and all tasks of the round stand there: so a value with few
-- tasks stands beside the first ones of a value with many. No task stands behind where it would
-- without turns, and claims go by places as ever.
--   rounds  ZSET of the rounds that have not begun to run, by their places
--   turns   ZSET of the values, by the last round that each is in
-- Both are of one type and one priority in one queue.
-- with: payload_field queueing
local function fair_key(kind, type, priority, root)
  return (root or ROOT) .. ':' .. kind .. ':' .. tonumber(priority or 0) .. ':' .. type
end

local function place_in_turn(type, message, priority, root)
  local place, field = new_place(priority, root), redis.call('HGET', PREFIX .. ':fair', type)
  if not field then return place end
  -- rarely: tasks of this type take turns
  local rounds, turns = fair_key('rounds', type, priority, root), fair_key('turns', type, priority, root)
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
  -- After a day without a submit they are forgotten; the next task then stands at the end.
  redis.call('PEXPIRE', rounds, 86400000)
  redis.call('PEXPIRE', turns, 86400000)
  return at
end

-- When a task starts, its round has begun: no other joins it.
local function end_rounds(id, type)
  local place, priority = unpack(redis.call('HMGET', task_key(id), 'place', 'priority'))
  redis.call('ZREMRANGEBYSCORE', fair_key('rounds', type, priority), '-inf', place)
end
