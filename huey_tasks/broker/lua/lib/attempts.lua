-- The attempts of a task that ended badly.
-- with: clock events tasks

-- Returns a text of at most `bytes` bytes, cut between two characters.
local function cut(text, bytes)
  if #text <= bytes then return text end
  return (text:sub(1, bytes):gsub('[\194-\244][\128-\191]*$', ''))
end

-- Keeps with a task how its current attempt ended without success: one line of JSON, an AttemptLine.
-- The oldest lines are dropped for it; the caller then clears the token.
local ATTEMPTS_CAP, ATTEMPTS_BYTES, ERROR_BYTES = 50, 16384, 500
local function keep_attempt(id, state, error)
  local started_at, token, kept = unpack(
    redis.call('HMGET', task_key(id), 'started_at', 'token', 'attempts'))
  local line = cjson.encode({
    [AttemptLine.attempt] = attempt_of(id),
    [AttemptLine.state] = state,
    [AttemptLine.started_ms] = tonumber(started_at),
    [AttemptLine.ended_ms] = NOW,
    [AttemptLine.token] = token,
    [AttemptLine.error] = cut(error, ERROR_BYTES),
  }):gsub('\\/', '/')
  local lines = kept and kept .. '\n' .. line or line
  local _, older = lines:gsub('\n', '')
  while older >= ATTEMPTS_CAP or (older > 0 and #lines > ATTEMPTS_BYTES) do
    lines, older = lines:match('\n(.*)'), older - 1
  end
  redis.call('HSET', task_key(id), 'attempts', lines)
  add_event('attempt', id, line)
end
