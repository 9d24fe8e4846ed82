-- Limits of a task type over all queues: how many of it run at a time, how many start within a time,
-- and whether its breaker is open; of each value of a payload field apart, if they have a field `by`.
-- with: blocked breaker clock fair locks payload_field running
local LIMITS = PREFIX .. ':limits'
local any_limits, limits, starts = nil, {}, {}

local function limits_of(type)
  if any_limits == nil then any_limits = redis.call('EXISTS', LIMITS) == 1 end
  if not any_limits then return nil end
  if limits[type] == nil then
    local text = redis.call('HGET', LIMITS, type)
    local both = text and cjson.decode(text) or {}
    limits[type] = both.operator or both.code or false
  end
  return limits[type] or nil
end

-- What a task counts as: its type, and the value of the field that its limits name.
local function limited_name(limit, type, message)
  return limit.by and type .. '=' .. value_in(message, limit.by) or type
end

-- When those that run and count as `name` have started, in ms; what runs is looked at once in a call.
local function starts_like(limit, name, type)
  if not starts[type] then
    starts[type] = {}
    for _, one in ipairs(running_of(type, limit.queues)) do
      local message, started_at = unpack(one)
      local like = limited_name(limit, type, message)
      starts[type][like] = starts[type][like] or {}
      table.insert(starts[type][like], started_at)
    end
  end
  starts[type][name] = starts[type][name] or {}
  return starts[type][name]
end

-- How many more may run.
local function free_places(limit, name, type)
  if not limit.concurrency then return math.huge end
  return limit.concurrency - #starts_like(limit, name, type)
end

-- How many may try while the breaker is half-open, none while it is open; and when to look again.
local function trials(limit, name, type)
  local try_at, succeeded
  if limit.breaker then try_at, succeeded = opened(name) end
  if not try_at then return math.huge, NOW end
  if try_at > NOW then return 0, try_at end
  local trying = 0
  for _, started_at in ipairs(starts_like(limit, name, type)) do
    if started_at >= try_at then trying = trying + 1 end
  end
  return limit.breaker.tries - succeeded - trying, NOW + LOOK_MS
end

-- How many may start now, which grows by `rate` in `per_ms` up to `rate`.
local function tokens_key(name) return PREFIX .. ':tokens:' .. name end
local function tokens(limit, name)
  if not limit.rate then return math.huge end
  local left, at = unpack(redis.call('HMGET', tokens_key(name), 'left', 'at'))
  if not left then return limit.rate end
  if tonumber(at) > NOW then
    -- rarely: the clock has gone back
    redis.call('HSET', tokens_key(name), 'at', AT)
  end
  return math.min(limit.rate, left + math.max(NOW - at, 0) * limit.rate / limit.per_ms)
end

-- What keeps a task from starting now, and when to look again; nil if nothing does.
local function kept_by(limit, name, type)
  local may_try, try_at = trials(limit, name, type)
  if may_try < 1 then return 'breaker:' .. name, try_at end
  if free_places(limit, name, type) < 1 then return 'busy:' .. name, NOW + LOOK_MS end
  local left = tokens(limit, name)
  if left < 1 then return 'rate:' .. name, NOW + math.ceil((1 - left) * limit.per_ms / limit.rate) end
  return nil
end

-- Blocks a task that its limits keep from starting, wherever it waits; returns whether they do.
local function waits_for_turn(id, type, message, from)
  local limit = limits_of(type)
  if not limit then return false end
  -- rarely: its type has limits
  local on, look_at = kept_by(limit, limited_name(limit, type, message), type)
  if not on then return false end
  if from then unblock(id, from) end
  block(id, redis.call('HGET', task_key(id), 'place'), on)
  look_again(on, look_at)
  return true
end

local function note_start(id, type, message)
  local limit = limits_of(type)
  if not limit then return end
  -- rarely: its type has limits
  if limit.fair_by then end_rounds(id, type) end
  local name = limited_name(limit, type, message)
  if starts[type] then table.insert(starts_like(limit, name, type), NOW) end
  if not limit.rate then return end
  local left = tokens(limit, name) - 1
  redis.call('HSET', tokens_key(name), 'left', string.format('%.6f', left), 'at', AT)
  redis.call('PEXPIRE', tokens_key(name), limit.per_ms * 2)
end

-- Milliseconds from one look to the next at a rate that lets tasks start: those of a fast one go on
-- together, but before its bucket is full, as what does not fit would be lost.
local TOGETHER_MS, SOONEST_MS = 100, 20

-- How many tokens there are for those that wait, and when there are more.
local function turns_of_rate(limit, name)
  local left = tokens(limit, name)
  local room = math.floor(left)
  if room == math.huge then return room, NOW end
  local one_ms, after = limit.per_ms / limit.rate, left - room
  local next_ms, full_ms = math.ceil((1 - after) * one_ms), (limit.rate - after) * one_ms
  if room < 1 then return 0, NOW + next_ms end
  local ms = math.max(next_ms, math.min(full_ms, TOGETHER_MS), SOONEST_MS)
  return room, NOW + math.ceil(math.min(ms, LOOK_MS))
end

-- How many of those that wait for `kind` may go on, and when to look again.
local function turns_of(kind, limit, name, type)
  if kind == 'rate' then return turns_of_rate(limit, name) end
  if kind == 'breaker' then return trials(limit, name, type) end
  return free_places(limit, name, type), NOW + LOOK_MS
end

-- The same of those that wait for `on`. Whether anything else keeps them from starting their claim finds
-- out: they wait for that then, and its end wakes them.
local function turns(on)
  local first = redis.call('ZRANGE', blocked_key(on), 0, 0)[1]
  if not first then return 0, NOW end
  local kind, name = on:match('^(%l+):(.*)$')
  local type, message = unpack(redis.call('HMGET', task_key(first), 'type', 'message'))
  local limit = type and limits_of(type)
  local room, look_at = math.huge, NOW
  if limit and limited_name(limit, type, message) == name then
    room, look_at = turns_of(kind, limit, name, type)
  end
  -- Where others have been set since, they wait for nothing, or for what their claim finds.
  if room == math.huge then return 1000, NOW end
  return math.min(room, 1000), look_at
end
