-- What to do when Redis' clock goes back. Due times and ends of leases are times of that clock: left as
-- they are, retries would wait, and a lost worker's task would run again, only when the clock is where
-- it was before. So are life times of keys: what waits for the end of one would wait as long.
-- What is checked where it is read (`tokens` in type_limits.lua, the holds of webhooks) moves by itself.
-- with: blocked breaker erased locks schedules stopping
local NOTICED_MS = 1000 -- a smaller step delays nothing by more than that

-- The last time that a consumer of any queue has seen.
local CLOCK = PREFIX .. ':clock'

local function move_back(index, ms)
  for at, member in ipairs(redis.call('ZRANGE', index, 0, -1, 'WITHSCORES')) do
    if at % 2 == 1 then redis.call('ZINCRBY', index, -ms, member) end
  end
end

local function shorten_life(key, ms)
  local life_ms = redis.call('PTTL', key)
  if life_ms > 0 then redis.call('PEXPIRE', key, life_ms - ms) end
end

-- The names of one kind that tasks of a queue wait for.
local function awaited_names(kind, root)
  local names = {}
  for _, on in ipairs(redis.call('ZRANGE', root .. ':awaited', 0, -1)) do
    names[#names + 1] = on:match('^' .. kind .. ':(.*)$')
  end
  return names
end

-- The next use of a rate limit begins another window; without one, its end lets tasks go on.
local function move_windows_back(ms)
  for _, name in ipairs(awaited_names('limit:%d+', ROOT)) do shorten_life(ROOT .. ':limit:' .. name, ms) end
end

-- An interval moves back with the clock; the consumer plans a cron expression again. The epoch
-- distinguishes two firings with the same due time.
local function move_schedules_back(ms)
  for _, name in ipairs(redis.call('ZRANGE', SCHEDULES, 0, -1)) do
    local key = schedule_key(name)
    redis.call('HINCRBY', key, 'epoch', 1)
    if redis.call('HGET', key, 'every_ms') ~= '' then
      redis.call('HINCRBY', key, 'start_at', -ms)
      redis.call('ZINCRBY', SCHEDULES, -ms, name)
    end
  end
  tell_of_schedules() -- consumers wait for the due time that they saw last
end

-- Moves all times of this queue that are to come back by `ms`; returns how many tasks wait for one.
local function follow_the_clock(ms)
  local moved = 0
  for _, state in ipairs({ 'SCHEDULED', 'RETRY' }) do
    for _, id in ipairs(redis.call('ZRANGE', index_key(state), 0, -1)) do
      if exists(id, state) then redis.call('HINCRBY', task_key(id), 'due_at', -ms) end
      moved = moved + 1
    end
    move_back(index_key(state), ms)
  end
  for _, index in ipairs({ index_key('STARTED'), stopping_key(), CONSUMERS, AWAITED }) do
    move_back(index, ms)
  end
  move_windows_back(ms)
  move_schedules_back(ms)
  redis.call('HDEL', COUNTERS, 'recovered_at')
  redis.call('PUBLISH', CONTROL, 'due')
  return moved
end

-- Moves those back that all queues share: when breakers let tasks try, how long locks last, when a
-- condition is to be looked at, and since when it holds or has gone.
local function follow_in_all_queues(ms)
  for _, name in ipairs(redis.call('ZRANGE', BREAKERS, 0, -1)) do
    shorten_life(breaker_key(name), ms)
    if opened(name) then redis.call('HINCRBY', breaker_key(name), 'until', -ms) end
  end
  move_back(BREAKERS, ms)
  local is_shortened = {}
  for _, field in ipairs(redis.call('HKEYS', DATASET)) do
    local queue = field:match('^queue%.(.*)')
    for _, name in ipairs(queue and awaited_names('lock', root_of(queue)) or {}) do
      if not is_shortened[name] then shorten_life(lock_key(name), ms) end
      is_shortened[name] = true
    end
  end
  redis.call('DEL', PREFIX .. ':alert-turn', PREFIX .. ':memory')
  local alerts = redis.call('HGETALL', PREFIX .. ':alerts')
  for at = 1, #alerts, 2 do
    local alert = cjson.decode(alerts[at + 1])
    if not alert.is_open then alert.began = alert.began - ms end -- later its end names it
    alert.gone = alert.gone and alert.gone - ms
    redis.call('HSET', PREFIX .. ':alerts', alerts[at], cjson.encode(alert))
  end
end
