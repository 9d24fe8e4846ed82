-- Attempts whose process died, and what happens to their tasks.
-- with: attempts blocked clock counting finish join_group queueing release wake
local SAID_OF = {
  crashes = { attempt = 'CRASHED', error = 'WorkerDied', what = 'its worker died' },
  losses = { attempt = 'LOST', error = 'ConsumerLost', what = 'its consumer was lost' },
}

-- After its first crash, and after losses that do not make it a suspect, a task runs again at once.
-- Then the pause doubles, so that a task that kills its process does not keep killing new ones.
local FIRST_PAUSE_MS, LONGEST_PAUSE_MS = 1000, 60000
local function pause_ms(kind, times)
  local repeats = times - (kind == 'losses' and SUSPECT or 1)
  if repeats < 1 then return 0 end
  return math.min(FIRST_PAUSE_MS * 2 ^ (repeats - 1), LONGEST_PAUSE_MS)
end

-- The task that killed the process is found: the others that were lost with it run as before.
local function acquit()
  for _, id in ipairs(redis.call('ZRANGE', blocked_key(ALONE), 0, 999)) do
    redis.call('HSET', task_key(id), 'suspicion', SUSPECT - 1)
  end
  wake_first(ALONE, 1000, 1000)
end

local function run_again(id, kind, times)
  if kind == 'losses' then
    redis.call('HINCRBY', task_key(id), 'suspicion', 1)
    redis.call('HSET', task_key(id), 'ties', 1)
  end
  local wait_ms = pause_ms(kind, times)
  if wait_ms == 0 then
    release(id)
    return 'PENDING'
  end
  uncount(id)
  wait_until_due(id, 'RETRY', NOW + wait_ms)
  return 'RETRY'
end

-- Counts a death against a task: of its worker ('crashes'), or of a process that ran other tasks too
-- ('losses'), which this task probably did not cause. At `limit` the task is quarantined, in a failure
-- group of its type and of `how` the process died.
local function crash(id, kind, limit, how)
  local times = redis.call('HINCRBY', task_key(id), kind, 1)
  local said = SAID_OF[kind]
  local by = how ~= '' and ': ' .. how or ''
  count(kind)
  keep_attempt(id, said.attempt, said.what .. ' while it ran' .. by)
  if times < tonumber(limit) then return run_again(id, kind, times) end
  local type, suspicion = unpack(redis.call('HMGET', task_key(id), 'type', 'suspicion'))
  join_group(id, {
    [Cause.fingerprint] = redis.sha1hex(said.error .. ' ' .. type .. by):sub(1, 16),
    [Cause.error_type] = said.error,
    [Cause.frame] = '',
    [Cause.message] = said.what .. ' while it ran' .. by,
  })
  set_aside(id, said.what .. ' ' .. times .. ' times while it ran' .. by)
  if tonumber(suspicion or 0) >= SUSPECT then acquit() end
  return 'FAILURE'
end
