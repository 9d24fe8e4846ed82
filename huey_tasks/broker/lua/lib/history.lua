-- The history. The counts of the current minute are in one hash, so that a task writes each count
-- once. The first script that counts in a later minute folds the finished one into its minute,
-- quarter, hour and day, into the totals of each type, and into the counters of the queue.
-- with: clock
local NOTED = ROOT .. ':noted'

local function add(sums, what, number)
  local sum = sums[what] or 0
  sums[what] = what == 'oldest' and math.max(sum, number) or sum + number
end

-- The fields of NOTED as {type: {what: number}}; '' stands for all types.
local function by_type(fields)
  local types = { [''] = {} }
  for at = 1, #fields, 2 do
    local type, what = fields[at]:match('^(.*)|(.*)$')
    if type and tonumber(fields[at + 1]) then
      types[type] = types[type] or {}
      add(types[type], what, fields[at + 1])
      if type ~= '' then add(types[''], what, fields[at + 1]) end
    end
  end
  return types
end

local function fold(root, minute, types)
  local spans = {
    { name = 'minute', ms = 60000, keep_ms = 6 * 3600000 },
    { name = 'quarter', ms = 900000, keep_ms = 26 * 3600000 },
    { name = 'hour', ms = 3600000, keep_ms = 35 * 86400000 },
    { name = 'day', ms = 86400000, keep_ms = 400 * 86400000 },
  }
  for _, span in ipairs(spans) do
    local number = math.floor(minute * 60000 / span.ms)
    local key = root .. ':history:' .. span.name .. ':' .. number
    for type, counts in pairs(types) do
      local sums = cjson.decode(redis.call('HGET', key, type) or '{}')
      for what, times in pairs(counts) do add(sums, what, times) end
      redis.call('HSET', key, type, cjson.encode(sums))
    end
    redis.call('PEXPIREAT', key, (number + 1) * span.ms + span.keep_ms)
  end
end

-- The same sums since the beginning, which only grow. The first MOST_TYPES types have sums of their
-- own; all later ones share those of OTHER, so that names without end cannot fill the memory.
local MOST_TYPES, OTHER = 100, 'other'
local function fold_into_totals(root, types)
  local key, known, names, new = root .. ':totals', 0, {}, {}
  for _, type in ipairs(redis.call('HKEYS', key)) do
    names[type], known = true, known + 1
  end
  for type in pairs(types) do
    if type ~= '' and not names[type] then new[#new + 1] = type end
  end
  table.sort(new) -- `in_totals` in totals.py names them in the same order
  for _, type in ipairs(new) do
    if known < MOST_TYPES then names[type], known = true, known + 1 end
  end
  for type, counts in pairs(types) do
    if type ~= '' then
      local field = names[type] and type or OTHER
      local sums = cjson.decode(redis.call('HGET', key, field) or '{}')
      for what, times in pairs(counts) do add(sums, what, times) end
      redis.call('HSET', key, field, cjson.encode(sums))
    end
  end
end

-- How many tasks of all types came, and how many ended in each state: the counters have what is folded.
local ACCOUNTS = { 'SUBMITTED', TaskState.TERMINAL }
local function fold_into_counters(root, sums)
  for _, what in ipairs(ACCOUNTS) do
    if sums[what] then redis.call('HINCRBY', root .. ':counters', what, sums[what]) end
  end
end

-- The same since the beginning, the current minute included: {what: number}.
local function accounts()
  local found, sums = {}, by_type(redis.call('HGETALL', NOTED))['']
  for _, what in ipairs(ACCOUNTS) do
    found[what] = (redis.call('HGET', COUNTERS, what) or 0) + (sums[what] or 0)
  end
  return found
end

-- The minutes that this script has found to be over, by the queue whose keys start so.
local finished, has_begun = {}, {}
local function begin_minute(root)
  if has_begun[root] then return end
  local counts = root .. ':noted'
  local now, minute = math.floor(NOW / 60000), tonumber(redis.call('HGET', counts, 'minute') or -1)
  if minute == now then return end
  -- rarely: the first script of a minute
  local types = by_type(redis.call('HGETALL', counts))
  redis.call('DEL', counts)
  redis.call('HSET', counts, 'minute', now)
  redis.call('HSETNX', root .. ':counters', 'counted_from', NOW)
  fold_into_counters(root, types[''])
  if minute > 0 then finished[root] = { minute = minute, types = types } end
end

-- What cannot be folded fails this call, after all that it counts is written, and no other.
local function fold_finished()
  for root, over in pairs(finished) do
    fold(root, over.minute, over.types)
    fold_into_totals(root, over.types)
  end
end
