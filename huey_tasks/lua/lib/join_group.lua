-- How a failed task joins the group of its cause.
-- with: clock failures
local TYPES_CAP, TREND_HOURS = 20, 24

-- Groups of one error type and frame differ in their messages. A flood of messages must neither
-- push other groups out nor make room for itself, so beyond a number the rest are one group.
local MESSAGES_CAP, OTHER_MESSAGES = 15, 'other messages'

-- Drops what a group knows of hours long ago, and a new type when there are enough.
local function tidy_group(group, hour, new_type)
  local types = 0
  for _, field in ipairs(redis.call('HKEYS', group)) do
    local number = field:match('^hour%.(%d+)$')
    if number and tonumber(number) <= hour - TREND_HOURS then redis.call('HDEL', group, field) end
    if field:sub(1, 5) == 'task.' then types = types + 1 end
  end
  if types > TYPES_CAP then redis.call('HDEL', group, new_type) end
end

-- The group of a cause, and its message: that of its own message while there are few of its kind.
-- A failure without a frame is of a kind of its task's type.
local function group_of(cause, type)
  local fingerprint, frame = cause[Cause.fingerprint], cause[Cause.frame]
  local kind = redis.sha1hex(
    table.concat({ cause[Cause.error_type], frame, frame == '' and type or '' }, '\0'))
  kind = kind:sub(1, 16)
  local messages = messages_key(kind)
  if redis.call('SISMEMBER', messages, fingerprint) == 1
    or redis.call('SCARD', messages) < MESSAGES_CAP then
    return fingerprint, cause[Cause.message], kind
  end
  return kind, OTHER_MESSAGES, nil
end

-- `cause`: a Cause, as protocol.py has it.
local function join_group(id, cause)
  local type = redis.call('HGET', task_key(id), 'type')
  local fingerprint, message, kind = group_of(cause, type)
  local group, hour = failure_key(fingerprint), math.floor(NOW / 3600000)
  type = 'task.' .. type
  redis.call('HSET', task_key(id), 'cause', fingerprint)
  redis.call('HSET', CAUSES, id, fingerprint)
  redis.call('ZADD', failed_key(fingerprint), NOW, id)
  if redis.call('ZADD', FAILURES, NOW, fingerprint) == 1 then
    redis.call('HSET', group, 'type', cause[Cause.error_type], 'frame', cause[Cause.frame],
      'message', message, 'first_seen', NOW)
    if kind then
      redis.call('HSET', group, 'kind', kind)
      redis.call('SADD', messages_key(kind), fingerprint)
    end
    -- It may have been there before, and made room: then those of its tasks are not in it.
    if redis.call('HEXISTS', COUNTERS, 'dropped_groups') == 1 then
      redis.call('HSET', group, 'partial', 1)
    end
    redis.call('PERSIST', group) -- it was kept aside, if its tasks were deleted
    make_room_for_groups()
  end
  redis.call('HSET', group, 'last_seen', NOW, 'sample', id)
  local new_hour = redis.call('HINCRBY', group, 'hour.' .. hour, 1) == 1
  local new_type = redis.call('HINCRBY', group, type, 1) == 1
  if new_hour or new_type then tidy_group(group, hour, type) end
end
