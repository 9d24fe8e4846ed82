-- What a script counts is written once, at its end: `count` for ever, `note` by task type.
-- with: clock history
-- last of all: write_counts
-- They belong to this queue, or to the one whose keys start with `root`.
local counted, noted = { [ROOT] = {} }, { [ROOT] = {} }
local names_of_waits, names_of_runs = {}, {}
-- How long the oldest task waits; of a minute the history keeps the longest.
local oldest_ms = -1

local function add_one(counts, group, name)
  local sums = counts[group] or {}
  counts[group], sums[name] = sums, (sums[name] or 0) + 1
end

local function count(name, root) add_one(counted, root or ROOT, name) end
local function note(type, what, root)
  local types = noted[root or ROOT] or {}
  noted[root or ROOT] = types
  add_one(types, type, what)
end

-- A duration counts under the name of its bucket: four to each doubling of milliseconds. A script makes
-- the name for each text once: many tasks came at the same moment or took as long, and a logarithm
-- takes as long as a command.
local function bucket_of(ms)
  return ms < 1 and 0 or math.min(math.floor(math.log(ms) / math.log(2) * 4) + 1, 127)
end

local function note_wait(type, queued_at)
  local name = names_of_waits[queued_at] or 'wait.' .. bucket_of(NOW - queued_at)
  names_of_waits[queued_at] = name
  note(type, name)
end

local function note_run(type, run_us)
  local name = names_of_runs[run_us] or 'run.' .. bucket_of(run_us / 1000)
  names_of_runs[run_us] = name
  note(type, name)
end

-- The history comes last, because it may fail on what it finds. Most numbers are 1; Lua takes longer
-- to make a text of a number than Redis to add it.
local function write_counts()
  for root, sums in pairs(counted) do
    for name, number in pairs(sums) do
      redis.call('HINCRBY', root .. ':counters', name, number == 1 and '1' or number)
    end
  end
  for root, types in pairs(noted) do
    if next(types) or root == ROOT and oldest_ms >= 0 then begin_minute(root) end
    for type, sums in pairs(types) do
      for what, number in pairs(sums) do
        redis.call('HINCRBY', root .. ':noted', type .. '|' .. what, number == 1 and '1' or number)
      end
    end
  end
  if oldest_ms >= 0 then
    -- rarely: it has looked how long tasks wait
    local longest_ms = tonumber(redis.call('HGET', NOTED, '|oldest') or -1)
    if oldest_ms > longest_ms then redis.call('HSET', NOTED, '|oldest', oldest_ms) end
  end
  if next(finished) then
    -- rarely: the first script of a minute
    fold_finished()
  end
end
