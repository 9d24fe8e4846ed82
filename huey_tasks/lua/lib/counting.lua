-- What a script counts is written once, at its end: totals for ever, and by task type the history.
-- with: history
-- last of all: write_counts
local counted, noted = {}, {}
-- How long the oldest task waits; of a minute the history keeps the longest.
local oldest_ms = -1

local function count(name)
  counted[name] = (counted[name] or 0) + 1
end

local function note(type, what)
  local field = type .. '|' .. what
  noted[field] = (noted[field] or 0) + 1
end

-- A duration as the number of its bucket: four to each doubling of milliseconds.
local function bucket(ms)
  return ms < 1 and 0 or math.min(math.floor(math.log(ms) / math.log(2) * 4) + 1, 127)
end

-- The history comes last, because it may fail on what it finds.
local function write_counts()
  for name, number in pairs(counted) do redis.call('HINCRBY', COUNTERS, name, number) end
  if not next(noted) and oldest_ms < 0 then return end
  begin_minute()
  for field, number in pairs(noted) do redis.call('HINCRBY', NOTED, field, number) end
  if oldest_ms >= 0 and oldest_ms > tonumber(redis.call('HGET', NOTED, '|oldest') or -1) then
    redis.call('HSET', NOTED, '|oldest', oldest_ms)
  end
end
