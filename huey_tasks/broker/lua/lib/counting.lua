-- What a script counts is written once, at its end: totals for ever, and by task type the history.
-- with: history
-- last of all: write_counts
-- They belong to this queue, or to the one whose keys start with `root`.
local counted, noted = { [ROOT] = {} }, { [ROOT] = {} }
-- How long the oldest task waits; of a minute the history keeps the longest.
local oldest_ms = -1

local function add_one(counts, root, name)
  local sums = counts[root] or {}
  counts[root], sums[name] = sums, (sums[name] or 0) + 1
end

local function count(name, root) add_one(counted, root or ROOT, name) end
local function note(type, what, root) add_one(noted, root or ROOT, type .. '|' .. what) end

-- A duration as the number of its bucket: four to each doubling of milliseconds.
local function bucket(ms)
  return ms < 1 and 0 or math.min(math.floor(math.log(ms) / math.log(2) * 4) + 1, 127)
end

-- The history comes last, because it may fail on what it finds. Most numbers are 1; Lua takes longer
-- to make a text of a number than Redis to add it.
local function write_counts()
  for root, sums in pairs(counted) do
    for name, number in pairs(sums) do
      redis.call('HINCRBY', root .. ':counters', name, number == 1 and '1' or number)
    end
  end
  for root, sums in pairs(noted) do
    if next(sums) or root == ROOT and oldest_ms >= 0 then begin_minute(root) end
    for field, number in pairs(sums) do
      redis.call('HINCRBY', root .. ':noted', field, number == 1 and '1' or number)
    end
  end
  if oldest_ms >= 0 then
    -- rarely: it has looked how long tasks wait
    local longest_ms = tonumber(redis.call('HGET', NOTED, '|oldest') or -1)
    if oldest_ms > longest_ms then redis.call('HSET', NOTED, '|oldest', oldest_ms) end
  end
end
