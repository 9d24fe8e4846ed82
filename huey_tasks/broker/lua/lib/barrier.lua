-- The barrier of a chord, in keys and fields a `gate`: it submits one task, its callback,
-- when all members have ended. One for all queues: members may be in several.
-- with: submit
local function gate_key(id) return PREFIX .. ':gate:' .. id end

-- It has the id of the callback, so that a repeat opens no second one.
local function open_gate(gate)
  local callback = gate[Gate.callback]
  local id, submitted = callback[NewTask.id], root_of(callback[NewTask.queue]) .. ':submitted'
  if redis.call('ZSCORE', submitted, id) or redis.call('EXISTS', gate_key(id)) == 1 then return end
  redis.call('HSET', gate_key(id), 'before', gate[Gate.size], 'callback', cjson.encode(callback))
end

local function pass_gate(id)
  if redis.call('EXISTS', gate_key(id)) == 0 then return end
  if redis.call('HINCRBY', gate_key(id), 'before', -1) > 0 then return end
  local callback = cjson.decode(redis.call('HGET', gate_key(id), 'callback'))
  redis.call('DEL', gate_key(id))
  submit(callback)
end
