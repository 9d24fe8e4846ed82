-- Fair turns: tasks of a type with `fair_by` take turns by the value of that payload field. The first
-- waiting task of each value is of the first round, the second of the next one, and so on. A round has
-- the place of the task that began it, and all tasks of the round stand there: so a value with few
-- tasks stands beside the first ones of a value with many. No task stands behind where it would
-- without turns, and claims go by places as ever.
--   fair-rounds  ZSET of the rounds that have not begun to run: their places
--   fair-turns   ZSET of the values of each priority, by the place of the last round that each is in
-- Both are of one type in one queue.
-- with: blocked payload_field queueing
local function fair_keys(type, root)
  return (root or ROOT) .. ':fair-rounds:' .. type, (root or ROOT) .. ':fair-turns:' .. type
end

-- Whose turns they are.
local function fair_value(field, message, priority)
  return string.format('%d ', tonumber(priority or 0)) .. value_in(message, field)
end

local function place_in_turn(type, message, priority, root)
  local place, field = new_place(priority, root), redis.call('HGET', FAIR, type)
  if not field then return place end
  -- rarely: tasks of this type take turns
  local rounds, turns = fair_keys(type, root)
  local value, lowest, highest = fair_value(field, message, priority), places_of(priority)
  local last = redis.call('ZSCORE', turns, value)
  local open = redis.call('ZRANGEBYSCORE', rounds, last and '(' .. last or lowest, highest, 'LIMIT', 0, 1)[1]
  local at = open or place
  redis.call('ZADD', rounds, at, at)
  redis.call('ZADD', turns, at, value)
  -- A value whose rounds have all begun is in none.
  local first = redis.call('ZRANGEBYSCORE', rounds, lowest, highest, 'LIMIT', 0, 1)[1]
  redis.call('ZREMRANGEBYSCORE', turns, lowest, '(' .. first)
  -- After a day without a submit they are forgotten; the next task then stands at the end.
  redis.call('PEXPIRE', rounds, 86400000)
  redis.call('PEXPIRE', turns, 86400000)
  return at
end

-- When a task starts, its round has begun: no other joins it.
local function end_rounds(id, type)
  local place, priority = unpack(redis.call('HMGET', task_key(id), 'place', 'priority'))
  local rounds, lowest = fair_keys(type), places_of(priority)
  redis.call('ZREMRANGEBYSCORE', rounds, lowest, place)
end

-- A task that waits, and will not start from its place, gives up its turn: the next of its value has
-- it, if it was the last one. A round without tasks is none, or others would stand where nobody waits.
local function give_up_turn(id, type)
  local field = redis.call('HGET', FAIR, type)
  if not field then return end
  -- rarely: tasks of this type take turns
  local message, place, priority = unpack(
    redis.call('HMGET', task_key(id), 'message', 'place', 'priority'))
  local rounds, turns = fair_keys(type)
  local rank = redis.call('ZRANK', rounds, place)
  if not rank then return end -- it has begun
  local value, lowest = fair_value(field, message, priority), places_of(priority)
  if tonumber(redis.call('ZSCORE', turns, value)) == tonumber(place) then
    local before = rank > 0 and redis.call('ZRANGE', rounds, rank - 1, rank - 1)[1]
    if before and tonumber(before) >= lowest then
      redis.call('ZADD', turns, before, value)
    else
      redis.call('ZREM', turns, value)
    end
  end
  local index, behind = index_key('PENDING'), place + BEHIND
  local stand = redis.call('ZCOUNT', index, place, place) + redis.call('ZCOUNT', index, behind, behind)
  local itself = redis.call('ZSCORE', index, id) and 1 or 0
  if stand == itself then redis.call('ZREM', rounds, place) end
end
