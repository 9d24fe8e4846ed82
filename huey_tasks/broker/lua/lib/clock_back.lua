-- What to do when Redis' clock goes back. Due times and ends of leases are times of that clock: left as
-- they are, retries would wait, and a lost worker's task would run again, only when the clock is where
-- it was before.
-- with: erased schedules
local NOTICED_MS = 1000 -- a smaller step delays nothing by more than that

local function move_back(index, ms)
  for at, member in ipairs(redis.call('ZRANGE', index, 0, -1, 'WITHSCORES')) do
    if at % 2 == 1 then redis.call('ZINCRBY', index, -ms, member) end
  end
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

-- Moves all due times and ends of leases back by `ms`; returns how many tasks wait for one.
local function follow_the_clock(ms)
  local moved = 0
  for _, state in ipairs({ 'SCHEDULED', 'RETRY' }) do
    for _, id in ipairs(redis.call('ZRANGE', index_key(state), 0, -1)) do
      if exists(id, state) then redis.call('HINCRBY', task_key(id), 'due_at', -ms) end
      moved = moved + 1
    end
    move_back(index_key(state), ms)
  end
  move_back(index_key('STARTED'), ms)
  move_back(CONSUMERS, ms)
  move_schedules_back(ms)
  redis.call('HDEL', COUNTERS, 'recovered_at')
  redis.call('PUBLISH', CONTROL, 'due')
  return moved
end
