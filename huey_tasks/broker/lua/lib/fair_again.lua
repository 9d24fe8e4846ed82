-- A new place, in its turn, for a task that is stored already.
-- with: fair
local function place_again(id, priority)
  local type, message = unpack(redis.call('HMGET', task_key(id), 'type', 'message'))
  return place_in_turn(type, message, priority)
end
