-- What the end of an attempt means for the limits of its type.
-- with: blocked breaker type_limits wake

-- Counts the end of an attempt for the breaker of its type, and lets one go on that waited until fewer
-- tasks of its type run; or all that waited for the breaker.
local function leave_limits(done, type)
  local limit = type and limits_of(type)
  if not limit then return end
  -- rarely: its type has limits
  local message, started_at = unpack(redis.call('HMGET', task_key(done.id), 'message', 'started_at'))
  local name = limited_name(limit, type, message)
  if limit.breaker and note_end(limit.breaker, name, done.state, tonumber(started_at)) then
    wake('breaker:' .. name, math.huge)
  end
  local on = 'busy:' .. name
  if redis.call('EXISTS', blocked_key(on)) == 1 then wake(on, 1) end
end
