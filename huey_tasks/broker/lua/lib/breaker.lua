-- The circuit breaker of a task type, or of each value of a payload field. Its state is one hash, which
-- is there only while it is not closed:
--   closed     no hash; how the last attempts ended is a list
--   open       `until` is to come: nothing starts
--   half-open  `until` has passed: `tries` attempts may start; closed when all have succeeded, open
--              again when one fails
-- The clock makes it half-open, so no process has to. How many try is counted among what runs, so when
-- a consumer is killed that tries, another attempt takes its place.
-- with: clock
local BREAKERS = PREFIX .. ':breakers'
local function breaker_key(name) return PREFIX .. ':breaker:' .. name end
local function recent_key(name) return PREFIX .. ':recent:' .. name end

-- A breaker that is half-open is forgotten when nothing has tried for a day.
local BREAKER_MS = 86400000

-- Returns when tasks may try again, and how many have succeeded since; nil while it is closed.
local function opened(name)
  local try_at, succeeded = unpack(redis.call('HMGET', breaker_key(name), 'until', 'succeeded'))
  if not try_at then return nil end
  return tonumber(try_at), tonumber(succeeded)
end

-- Consumers write it into their log.
local function announce(what, name) redis.call('PUBLISH', CONTROL, 'breaker ' .. what .. ' ' .. name) end

local function open_breaker(rules, name)
  local gone_at = NOW + rules.pause_ms + BREAKER_MS
  redis.call('DEL', recent_key(name))
  redis.call('HSET', breaker_key(name), 'until', NOW + rules.pause_ms, 'succeeded', 0)
  redis.call('PEXPIREAT', breaker_key(name), gone_at)
  redis.call('ZREMRANGEBYSCORE', BREAKERS, '-inf', NOW)
  redis.call('ZADD', BREAKERS, gone_at, name)
  announce('opened', name)
end

local function close_breaker(name)
  redis.call('DEL', breaker_key(name))
  redis.call('ZREM', BREAKERS, name)
  announce('closed', name)
end

-- Whether too many of the last attempts have failed: of the last `of`, if all ended `within_ms`.
local function fails_too_often(rules, name)
  local ends = redis.call('LRANGE', recent_key(name), 0, -1)
  if #ends < rules.of or tonumber(ends[#ends]:sub(2)) < NOW - rules.within_ms then return false end
  local failed = 0
  for _, one in ipairs(ends) do
    if one:sub(1, 1) == 'F' then failed = failed + 1 end
  end
  return failed / #ends >= rules.failures
end

-- How an attempt ended, by the state of its commit; one that was released says nothing.
local SUCCEEDED = { SUCCESS = true, FAILURE = false, RETRY = false, [Ending.DEAD] = false }

-- Counts the end of an attempt. Returns whether that closes the breaker.
local function note_end(rules, name, state, started_at)
  local succeeded = SUCCEEDED[state]
  if succeeded == nil then return false end
  local try_at, before = opened(name)
  if not try_at then
    redis.call('LPUSH', recent_key(name), (succeeded and 'S' or 'F') .. AT)
    redis.call('LTRIM', recent_key(name), 0, rules.of - 1)
    redis.call('PEXPIRE', recent_key(name), rules.within_ms)
    if not succeeded and fails_too_often(rules, name) then open_breaker(rules, name) end
  elseif try_at <= NOW and started_at >= try_at then
    if not succeeded then
      open_breaker(rules, name)
    elseif before + 1 >= rules.tries then
      close_breaker(name)
      return true
    else
      redis.call('HSET', breaker_key(name), 'succeeded', before + 1)
    end
  end
  return false
end
