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

-- Consumers write it into their log: how many attempts failed, of how many, when the first may try.
local function announce(what, failed, of, try_at, name)
  redis.call('PUBLISH', CONTROL, table.concat({ 'breaker', what, failed, of, try_at, name }, ' '))
end

-- `failed` of `of` attempts are the reason.
local function open_breaker(rules, name, failed, of)
  local gone_at, try_at = NOW + rules.pause_ms + BREAKER_MS, string.format('%.0f', NOW + rules.pause_ms)
  redis.call('DEL', recent_key(name))
  redis.call('HSET', breaker_key(name), 'until', try_at, 'succeeded', 0, 'failed', failed, 'of', of)
  redis.call('PEXPIREAT', breaker_key(name), gone_at)
  redis.call('ZREMRANGEBYSCORE', BREAKERS, '-inf', NOW)
  redis.call('ZADD', BREAKERS, gone_at, name)
  announce('opened', failed, of, try_at, name)
end

local function close_breaker(name, succeeded)
  redis.call('DEL', breaker_key(name))
  redis.call('ZREM', BREAKERS, name)
  announce('closed', 0, succeeded, 0, name)
end

-- How many of the last `of` attempts have failed, if all of them ended `within_ms` and it is too many.
local function too_many_failed(rules, name)
  local ends = redis.call('LRANGE', recent_key(name), 0, -1)
  if #ends < rules.of or tonumber(ends[#ends]:sub(2)) < NOW - rules.within_ms then return nil end
  local failed = 0
  for _, one in ipairs(ends) do
    if one:sub(1, 1) == 'F' then failed = failed + 1 end
  end
  return failed / #ends >= rules.failures and failed or nil
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
    local failed = not succeeded and too_many_failed(rules, name)
    if failed then open_breaker(rules, name, failed, rules.of) end
  elseif try_at <= NOW and started_at >= try_at then
    if not succeeded then
      open_breaker(rules, name, 1, before + 1)
    elseif before + 1 >= rules.tries then
      close_breaker(name, rules.tries)
      return true
    else
      redis.call('HSET', breaker_key(name), 'succeeded', before + 1)
    end
  end
  return false
end
