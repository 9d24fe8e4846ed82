-- stats: one consistent look at a queue; changes none
-- args: online_ms room
-- with: blocked breaker clock history oldest_waiting room
-- `room`: the bounds, as room.py writes them.
-- returns: pairs of name and number, or text for `mode_by`, `mode_why`, `mode_at`; for `breakers`: the
--          types whose breaker keeps tasks of this queue waiting; for `refuses`: 'full', 'memory', 'writes' or ''
local stats = {}
local function add(name, number)
  stats[#stats + 1] = name
  stats[#stats + 1] = number
end
for _, state in ipairs({ TaskState.LIVE }) do
  add(state, redis.call('ZCARD', index_key(state)))
end
for what, number in pairs(accounts()) do add(what, number) end
for _, state in ipairs({ TaskState.TERMINAL }) do
  add('kept.' .. state, redis.call('ZCARD', index_key(state)))
end
local consumers = redis.call('ZRANGEBYSCORE', CONSUMERS, NOW - online_ms, '+inf')
local workers = 0
local hosts = 0
for _, id in ipairs(consumers) do
  if id:match('-functions$') then
    hosts = hosts + 1
  else
    workers = workers + (redis.call('HGET', consumer_key(id), 'concurrency') or 0)
  end
end
add('consumers', #consumers - hosts)
add('workers', workers)
local mode = redis.call('HGET', COUNTERS, 'mode')
add('paused', mode == 'paused' and 1 or 0)
add('draining', mode == 'draining' and 1 or 0)
add('dead', redis.call('ZCARD', DEAD))
add('written_off', tonumber(redis.call('HGET', COUNTERS, 'written_off') or 0))
add('vanished_at', redis.call('HGET', DATASET, 'vanished_at') or 0)
add('results_vanished_at', redis.call('HGET', DATASET, 'results_vanished_at') or 0)
add('oldest_waiting_ms', oldest_waiting_ms())
for _, name in ipairs({ 'mode_by', 'mode_why', 'mode_at' }) do
  add(name, redis.call('HGET', COUNTERS, name) or '')
end

local types, is_named = {}, {}
for _, name in ipairs(redis.call('ZRANGE', BREAKERS, 0, 99)) do
  local type = name:match('^[^=]*')
  if not is_named[type] and redis.call('EXISTS', blocked_key('breaker:' .. name)) == 1 then
    types[#types + 1], is_named[type] = type, true
  end
end
add('breakers', table.concat(types, ' '))
local why = unpack(refusal(ROOT, room) or {})
if redis.call('EXISTS', MEMORY) == 0 then
  -- No write has been taken for a second. One that is full takes none of a submit; a replica, or one
  -- whose disk fails, none at all.
  local _, refused = ask_memory()
  if refused then why = refused:find('^OOM') and 'memory' or 'writes' end
end
add('refuses', why and why ~= 'draining' and why or '')

-- What ended in a minute, which may not be folded yet.
local minute = math.floor(NOW / 60000)
local noted_in = tonumber(redis.call('HGET', NOTED, 'minute') or -1)
local function counted_in(number)
  if number == noted_in then return by_type(redis.call('HGETALL', NOTED))[''] end
  local sums = redis.call('HGET', ROOT .. ':history:minute:' .. number, '')
  return sums and cjson.decode(sums) or {}
end
local function add_ends(prefix, minutes)
  for _, state in ipairs({ TaskState.TERMINAL }) do
    local sum = 0
    for _, counts in ipairs(minutes) do sum = sum + (counts[state] or 0) end
    add(prefix .. state, sum)
  end
end

-- The last full minute; as long as less than that has been counted, what there is.
local from = tonumber(redis.call('HGET', COUNTERS, 'counted_from') or NOW)
if from <= (minute - 1) * 60000 then
  add('minute_ms', 60000)
  add_ends('minute.', { counted_in(minute - 1) })
else
  add('minute_ms', NOW - from)
  add_ends('minute.', { counted_in(minute - 1), counted_in(minute) })
end
if from <= (minute - 2) * 60000 then add_ends('before.', { counted_in(minute - 2) }) end
return stats
