-- For scripts with failures: attempts that ended badly, and the groups of failed tasks.
local function failure_key(cause) return ROOT .. ':failure:' .. cause end
local function failed_key(cause) return ROOT .. ':failed:' .. cause end
local FAILURES, CAUSES = ROOT .. ':failures', ROOT .. ':causes'

-- A text of no more bytes than that, cut between two characters.
local function cut(text, bytes)
  if #text <= bytes then return text end
  return (text:sub(1, bytes):gsub('[\194-\244][\128-\191]*$', ''))
end

-- Keeps with a task how the attempt that holds it ends, unless that is well: a line of JSON each,
-- as AttemptLine in fields.py has them. The oldest make room; the caller then clears the token.
local ATTEMPTS_CAP, ATTEMPTS_BYTES, ERROR_BYTES = 50, 16384, 500
local function keep_attempt(id, state, error)
  local task = redis.call('HMGET', task_key(id), 'attempt', 'started_at', 'token', 'attempts')
  local line = cjson.encode({ tonumber(task[1]), state, tonumber(task[2]), NOW, task[3],
    cut(error, ERROR_BYTES) }):gsub('\\/', '/')
  local lines = task[4] and task[4] .. '\n' .. line or line
  local _, older = lines:gsub('\n', '')
  while older >= ATTEMPTS_CAP or (older > 0 and #lines > ATTEMPTS_BYTES) do
    lines, older = lines:match('\n(.*)'), older - 1
  end
  redis.call('HSET', task_key(id), 'attempts', lines)
end

-- Failed tasks with one cause stand in one group. Its ZSET has the ids by when they failed, with a
-- minus once they are retried; its HASH what is said of it. Groups beyond a number make room, those
-- first that were seen longest ago; a task is then in none, though it keeps its `cause`.
local GROUPS_CAP, TYPES_CAP, TREND_HOURS = 500, 20, 24

-- Groups of one error type and frame differ in their messages. A flood of messages must neither
-- push other groups out nor make room for itself, so beyond a number the rest are one group.
local MESSAGES_CAP, OTHER_MESSAGES = 15, 'other messages'
local function messages_key(kind) return ROOT .. ':messages:' .. kind end

local function is_no_group_now(cause)
  redis.call('ZREM', FAILURES, cause)
  local kind = redis.call('HGET', failure_key(cause), 'kind')
  if kind then redis.call('SREM', messages_key(kind), cause) end
end

local function forget_group(cause)
  is_no_group_now(cause)
  redis.call('DEL', failure_key(cause), failed_key(cause))
end

local function make_room_for_groups()
  local over = redis.call('ZCARD', FAILURES) - GROUPS_CAP
  for _, old in ipairs(over > 0 and redis.call('ZRANGE', FAILURES, 0, over - 1) or {}) do
    forget_group(old)
    count('dropped_groups')
  end
end

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
  local fingerprint, error_type, frame, message = unpack(cause)
  local kind = redis.sha1hex(table.concat({ error_type, frame, frame == '' and type or '' }, '\0'))
  kind = kind:sub(1, 16)
  local messages = messages_key(kind)
  if redis.call('SISMEMBER', messages, fingerprint) == 1
    or redis.call('SCARD', messages) < MESSAGES_CAP then
    return fingerprint, message, kind
  end
  return kind, OTHER_MESSAGES, nil
end

-- `cause`: {fingerprint, error type, frame, message}.
local function join_group(id, cause)
  local _, error_type, frame = unpack(cause)
  local type = redis.call('HGET', task_key(id), 'type')
  local fingerprint, message, kind = group_of(cause, type)
  local group, hour = failure_key(fingerprint), math.floor(NOW / 3600000)
  type = 'task.' .. type
  redis.call('HSET', task_key(id), 'cause', fingerprint)
  redis.call('HSET', CAUSES, id, fingerprint)
  redis.call('ZADD', failed_key(fingerprint), NOW, id)
  if redis.call('ZADD', FAILURES, NOW, fingerprint) == 1 then
    redis.call('HSET', group, 'type', error_type, 'frame', frame, 'message', message,
      'first_seen', NOW)
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

-- A failed task is forgotten, or erased: its group goes with its last task.
local function leave_group(id)
  local cause = redis.call('HGET', CAUSES, id)
  if not cause then return end
  redis.call('HDEL', CAUSES, id)
  redis.call('ZREM', failed_key(cause), id)
  if redis.call('ZCARD', failed_key(cause)) == 0 then forget_group(cause) end
end

-- A failed task is retried: it stays in its group, and cannot be retried there again.
local function mark_retried(id)
  local cause = redis.call('HGET', CAUSES, id)
  local failed_at = cause and redis.call('ZSCORE', failed_key(cause), id)
  if failed_at and tonumber(failed_at) > 0 then
    redis.call('ZADD', failed_key(cause), -failed_at, id)
  end
end
