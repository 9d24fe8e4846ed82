-- Whether a queue takes tasks from outside now. `room` is the text of room.py: the bytes that Redis
-- may use, and a line for each queue, "<name> <most in all queues> <most in it> <share of memory>";
-- 0 is no bound. It is no JSON, because to decode that takes longer than all that is asked here.
-- with: clock events history
local MEMORY = PREFIX .. ':memory'

-- Seconds after which a caller may try again.
local SOON_S, LATE_S, MEMORY_S = 1, 60, 30

-- Asks Redis how many bytes it uses and may use, and keeps that for a second; or returns nil, and
-- how Redis refuses to keep it. A Redis that forbids INFO uses 0 bytes.
local function ask_memory()
  local info = redis.pcall('INFO', 'memory')
  if type(info) ~= 'string' then info = '' end
  local function number(name) return tonumber(info:match('\n' .. name .. ':(%d+)') or 0) end
  -- Redis compares the same with its limit.
  local used = number('used_memory') - number('mem_not_counted_for_evict')
  local found = string.format('%.0f %.0f', used, number('maxmemory'))
  local refused = redis.pcall('SET', MEMORY, found, 'PX', 1000).err
  if refused then return nil, refused end
  return found
end

-- How many bytes Redis uses and may use, as of at most a second ago: the first that wants to know
-- asks, the others read one key. nil if Redis refuses to keep it: it refuses the submit as well.
local function memory(redis_bytes)
  local kept = redis.call('GET', MEMORY) or ask_memory()
  if not kept then return nil end
  local used, most = kept:match('^(%d+) (%d+)$')
  most = tonumber(most) > 0 and tonumber(most) or redis_bytes
  return tonumber(used), most
end

-- How long a queue takes to start that number of tasks, by what it has started since the beginning
-- of the last minute. One that is paused starts none.
local function seconds_for(root, number)
  if redis.call('HGET', root .. ':counters', 'mode') == 'paused' then return LATE_S end
  local minute, started = math.floor(NOW / 60000), 0
  local function add_starts(counts)
    for what, times in pairs(counts) do
      if what:sub(1, 5) == 'wait.' then started = started + times end
    end
  end
  local noted = root .. ':noted'
  if tonumber(redis.call('HGET', noted, 'minute') or -1) >= minute - 1 then
    add_starts(by_type(redis.call('HGETALL', noted))[''])
  end
  local sums = redis.call('HGET', root .. ':history:minute:' .. minute - 1, '')
  if sums then add_starts(cjson.decode(sums)) end
  if started == 0 then return LATE_S end
  local s = math.ceil(number * (60 + NOW % 60000 / 1000) / started)
  return math.max(SOON_S, math.min(LATE_S, s))
end

-- A queue that is full asks callers to come back when a twentieth of its room is free.
local function full(root, queue, waiting, most)
  return { 'full', queue, waiting, most, seconds_for(root, waiting - most * 0.95) }
end

local function count_waiting(root) return redis.call('ZCARD', index_key('PENDING', root)) end

local function count_all_waiting(room)
  local count = 0
  for queue in room:gmatch('\n(%S+)') do count = count + count_waiting(root_of(queue)) end
  return count
end

local function too_many(root, queue, room, in_it, in_all)
  local waiting = in_it > 0 and count_waiting(root) or 0
  if in_it > 0 and waiting >= in_it then return full(root, queue, waiting, in_it) end
  waiting = in_all > 0 and count_all_waiting(room) or 0
  if in_all > 0 and waiting >= in_all then return full(root, queue, waiting, in_all) end
end

-- Returns a Refusal of protocol.py, or nil if the queue takes tasks; then also whether any number.
local function refusal(root, room)
  local queue = root:match('{(.*)}$')
  if redis.call('HGET', root .. ':counters', 'mode') == 'draining' then return { 'draining', queue } end
  local _, at = room:find('\n' .. queue .. ' ', 1, true)
  if not at then return nil, true end
  local in_all, in_it, share = room:match('^(%d+) (%d+) (%S+)', at + 1)
  in_all, in_it, share = tonumber(in_all), tonumber(in_it), tonumber(share)
  local refused = too_many(root, queue, room, in_it, in_all)
  if refused then return refused end
  local any_number = in_it == 0 and in_all == 0
  if share == 0 then return nil, any_number end
  local used, most = memory(tonumber(room:match('^%d+')))
  if not used or most == 0 or used < most * share then return nil, any_number end
  return { 'memory', queue, used, math.floor(most * share), MEMORY_S }
end

-- The same for a submit. That a queue takes any number holds for the rest of the second: the first
-- submit of it looks, begins the minute of the counts, and leaves the second and the bounds in OPEN,
-- with what keeps submits from being plain; the others compare one text. `mode`, `limits` and the
-- first who watches delete it.
local function refusal_now(root, room)
  local now, open = clock_s .. ' ' .. room, redis.call('HGET', OPEN, root)
  if open and open:sub(1, #now) == now then
    has_begun[root] = true
    return nil
  end
  -- rarely: the first submit of a second, or a queue with a bound
  local refused, any_number = refusal(root, room)
  if any_number then
    local more = somebody_watches() and ' watched' or redis.call('EXISTS', FAIR) == 1 and ' turns' or ''
    if tonumber(redis.pcall('HSET', OPEN, root, now .. more)) then begin_minute(root) end
  end
  return refused
end
