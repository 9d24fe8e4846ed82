-- Shared by every script: the loader puts it in front, and behind it the parts in `lib/` that a
-- script asks for. KEYS[1] is the root of one queue.
-- Scripts read and check before they write, because a Lua error undoes nothing.
local ROOT = KEYS[1]
local clock = redis.call('TIME')
local NOW = clock[1] * 1000 + math.floor(clock[2] / 1000)
-- The same as Redis keeps it: turning a number into text takes longer than many a command.
local AT = string.format('%.0f', NOW)
local TERMINAL = { SUCCESS = true, FAILURE = true, REVOKED = true, EXPIRED = true }

local function task_key(id) return ROOT .. ':task:' .. id end
local function log_key(id) return ROOT .. ':log:' .. id end
local function index_key(state) return ROOT .. ':state:' .. state end
local function gate_key(id) return ROOT .. ':gate:' .. id end
local function lock_key(name) return ROOT .. ':lock:' .. name end
local BELL, COUNTERS, CONTROL = ROOT .. ':bell', ROOT .. ':counters', ROOT .. ':control'
local ENDS, NOTED, LINES = ROOT .. ':ends', ROOT .. ':noted', ROOT .. ':lines'
-- How many tasks that were set aside are kept, whatever their age.
local DEAD_CAP = 10000
local SUBMITTED, DEAD, CONSUMERS = ROOT .. ':submitted', ROOT .. ':dead', ROOT .. ':consumers'
local DATASET = ROOT .. ':dataset'

-- A Redis that is out of memory lets a script write if its first write is one that needs none. So
-- what ends or keeps tasks goes on, which frees memory, while submits are refused.
local function write_even_if_full()
  redis.call('ZREM', index_key('STARTED'), '')
end

-- Drops an id from its index, because somebody has erased its task, and counts it.
local function drop_erased(id, state)
  redis.call('ZREM', index_key(state), id)
  redis.call('HINCRBY', COUNTERS, 'missing', 1)
end

local function exists(id, state)
  if redis.call('EXISTS', task_key(id)) == 1 then return true end
  drop_erased(id, state)
  return false
end

-- Whether this attempt holds the task; a task that nobody holds has no token to match.
local function holds(id, token)
  return token ~= '' and redis.call('HGET', task_key(id), 'token') == token
end

-- The attempt of a cancelled task has let go of it: its worker is free.
local function confirm_stop(id, token)
  if token ~= '' and redis.call('HGET', task_key(id), 'stopping') == token then
    redis.call('HSET', task_key(id), 'stopped_at', NOW)
  end
end

-- What many tasks have in common is written once, at the end of a script (the loader sees to that):
-- which tasks ended, what was counted (totals for ever; by task type for a while), and the bell.
local ended, counted, noted, oldest_ms, rings = {}, {}, {}, -1, false

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

-- The history. What is counted in the present minute stands in one hash, so that a task writes it
-- once. Whoever is the first to count in a later minute folds that one into what it was part of.
local function add(sums, what, number)
  local sum = sums[what] or 0
  sums[what] = what == 'oldest' and math.max(sum, number) or sum + number
end

-- The fields of NOTED as {type: {what: number}}; '' stands for all types.
local function by_type(fields)
  local types = { [''] = {} }
  for at = 1, #fields, 2 do
    local type, what = fields[at]:match('^(.*)|(.*)$')
    if type then
      types[type] = types[type] or {}
      add(types[type], what, fields[at + 1])
      if type ~= '' then add(types[''], what, fields[at + 1]) end
    end
  end
  return types
end

local function fold(minute, types)
  local spans = {
    { name = 'minute', ms = 60000, keep_ms = 6 * 3600000 },
    { name = 'quarter', ms = 900000, keep_ms = 26 * 3600000 },
    { name = 'hour', ms = 3600000, keep_ms = 35 * 86400000 },
    { name = 'day', ms = 86400000, keep_ms = 400 * 86400000 },
  }
  for _, span in ipairs(spans) do
    local number = math.floor(minute * 60000 / span.ms)
    local key = ROOT .. ':history:' .. span.name .. ':' .. number
    for type, counts in pairs(types) do
      local sums = cjson.decode(redis.call('HGET', key, type) or '{}')
      for what, times in pairs(counts) do add(sums, what, times) end
      redis.call('HSET', key, type, cjson.encode(sums))
    end
    redis.call('PEXPIREAT', key, (number + 1) * span.ms + span.keep_ms)
  end
end

-- NOTED is emptied first: should one ever be there that cannot be folded, it fails one call.
local function begin_minute()
  local now, minute = math.floor(NOW / 60000), tonumber(redis.call('HGET', NOTED, 'minute') or -1)
  if minute == now then return end
  local fields = redis.call('HGETALL', NOTED)
  redis.call('DEL', NOTED)
  redis.call('HSET', NOTED, 'minute', now)
  redis.call('HSETNX', COUNTERS, 'counted_from', NOW)
  if minute > 0 then fold(minute, by_type(fields)) end
end

local function write_history()
  if not next(noted) and oldest_ms < 0 then return end
  begin_minute()
  for field, number in pairs(noted) do redis.call('HINCRBY', NOTED, field, number) end
  if oldest_ms >= 0 and oldest_ms > tonumber(redis.call('HGET', NOTED, '|oldest') or -1) then
    redis.call('HSET', NOTED, '|oldest', oldest_ms)
  end
end

-- Wakes one waiting worker; whoever claims rings again while tasks are left.
local function ring() rings = true end

local function write_what_is_left()
  for state, members in pairs(ended) do redis.call('ZADD', index_key(state), unpack(members)) end
  if rings and redis.call('LLEN', BELL) == 0 then redis.call('LPUSH', BELL, 1) end
  for name, number in pairs(counted) do redis.call('HINCRBY', COUNTERS, name, number) end
  write_history()
end

-- A place at the end of the queue; a higher priority stands before every lower one. Beyond its
-- limits a priority counts no more: what is blocked stands behind all places.
local function new_place(priority)
  local within = math.max(-1e5, math.min(1e5, tonumber(priority)))
  return redis.call('HINCRBY', COUNTERS, 'place', 1) - within * 1e10
end

local function wait_in_queue(id, place)
  redis.call('ZADD', index_key('PENDING'), place, id)
  redis.call('HSET', task_key(id), 'state', 'PENDING', 'place', place, 'queued_at', NOW)
  ring()
end

-- Waits in SCHEDULED or RETRY; consumers hear of it when it is the next to become due.
local function wait_until_due(id, state, due)
  redis.call('ZADD', index_key(state), due, id)
  redis.call('HSET', task_key(id), 'state', state, 'due_at', due)
  if redis.call('ZRANK', index_key(state), id) == 0 then redis.call('PUBLISH', CONTROL, 'due') end
end

-- Puts a new task into its queue, or on the schedule; 0 when the id is known and nothing changes.
-- NewTask in protocol.py has the same fields. HSET comes first: a full Redis refuses it, and then
-- nothing is half done.
local function submit(id, message, type, priority, delay_ms, max_attempts, retry_delay_s, expires_ms,
                      gate, passes_on, tags)
  if redis.call('ZSCORE', SUBMITTED, id) then return 0 end
  local fields = { 'message', message, 'type', type, 'priority', priority,
    'max_attempts', max_attempts, 'retries_left', max_attempts - 1,
    'retry_delay_s', retry_delay_s, 'submitted_at', NOW }
  if tonumber(expires_ms) ~= 0 then
    fields[#fields + 1], fields[#fields + 2] = 'expires_at', NOW + expires_ms
  end
  if gate ~= '' then
    fields[#fields + 1], fields[#fields + 2] = 'gate', gate
    fields[#fields + 1], fields[#fields + 2] = 'passes_on', passes_on
  end
  if tags and tags ~= '' then fields[#fields + 1], fields[#fields + 2] = 'tags', tags end
  redis.call('HSET', task_key(id), unpack(fields))
  redis.call('ZADD', SUBMITTED, NOW, id)
  count('SUBMITTED')
  note(type, 'SUBMITTED')
  if tonumber(delay_ms) > 0 then
    wait_until_due(id, 'SCHEDULED', NOW + delay_ms)
  else
    wait_in_queue(id, new_place(priority))
  end
  return 1
end

-- A gate lets one task through, `callback`, when as many tasks have ended as stand before it.
-- It has the id of that task, so that a repeat opens no second one.
local function open_gate(size, callback)
  local id = callback[1]
  if redis.call('ZSCORE', SUBMITTED, id) or redis.call('EXISTS', gate_key(id)) == 1 then return end
  redis.call('HSET', gate_key(id), 'before', size, 'callback', cjson.encode(callback))
end

local function pass_gate(gate)
  if redis.call('EXISTS', gate_key(gate)) == 0 then return end
  if redis.call('HINCRBY', gate_key(gate), 'before', -1) > 0 then return end
  local callback = cjson.decode(redis.call('HGET', gate_key(gate), 'callback'))
  redis.call('DEL', gate_key(gate))
  submit(unpack(callback))
end

-- What a task has when somebody or something holds it or waits for its end, in this order.
local function ties_of(id)
  return redis.call('HMGET', task_key(id), 'logged', 'gate', 'passes_on', 'type', 'awaited', 'token',
    'suspicion')
end

-- The one way into a terminal state; the caller has removed the task from its index, and may name
-- more fields to set. A task that ends passes its gate, however it ended, unless the next of its
-- pipeline will do so.
local function finish_tied(id, fields, state, reason, ttl_ms, ...)
  local key = task_key(id)
  redis.call('HSET', key, 'state', state, 'finished_at', AT, 'token', '', 'reason', reason, ...)
  redis.call('PEXPIRE', key, ttl_ms)
  local members = ended[state] or {}
  ended[state], members[#members + 1], members[#members + 2] = members, AT, id
  if fields[1] then redis.call('PEXPIRE', log_key(id), ttl_ms) end
  count(state)
  note(fields[4], state)
  -- Whoever is not told looks for itself, so a user without the channel is no reason to fail.
  if fields[5] then redis.pcall('PUBLISH', ENDS, id) end
  if fields[2] and not (state == 'SUCCESS' and fields[3] == '1') then pass_gate(fields[2]) end
end

local function finish(id, state, reason, ttl_ms, ...)
  finish_tied(id, ties_of(id), state, reason, ttl_ms, ...)
end

-- Ends a task as failed and keeps it until somebody has looked: only pushed out by later ones.
local function set_aside(id, reason, ttl_ms)
  redis.call('ZADD', DEAD, NOW, id)
  finish(id, 'FAILURE', reason, ttl_ms)
  redis.call('PERSIST', task_key(id))
  redis.call('PERSIST', log_key(id))
  redis.call('ZREMRANGEBYRANK', DEAD, 0, -DEAD_CAP - 1)
end
