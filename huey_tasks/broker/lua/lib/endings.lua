-- What happens to a task, by the state that its commit names: a TaskState, or an Ending.
-- with: attempts blocked clock counting finish join_group locks queueing release tasks

-- Workers of an older version give no cause.
local function keep_failure(done)
  keep_attempt(done.id, TaskState.FAILURE, done.reason or '')
  if done.cause then join_group(done.id, done.cause) end
end

local function try_again(done, delay_ms)
  local id = done.id
  keep_attempt(id, TaskState.RETRY, done.reason or '')
  local type = redis.call('HGET', task_key(id), 'type')
  redis.call('HSET', task_key(id), 'outcome', done.token, 'token', '',
    'retry_delay_s', done.retry_delay_s, 'max_attempts', attempt_of(id) + 1 + done.retries_left)
  note(type, 'RETRY')
  wait_until_due(id, TaskState.RETRY, NOW + delay_ms)
end

-- Blocks a task that did not get a lock, or found a rate limit used up. A lock that was freed before
-- this commit woke no task, so this one returns to its queue at once.
local function wait_for_it(id, on, delay_ms, lease_ms)
  local lock = on:match('^lock:(.*)$')
  if lock and not is_locked(lock, lease_ms) then return release(id) end
  uncount(id)
  wait_blocked(id, redis.call('HGET', task_key(id), 'place'), on)
  look_again(on, NOW + (lock and LOOK_MS or delay_ms))
end

-- An attempt that ended by itself killed no process.
local function clear_of_suspicion(done)
  local released = done.state == Ending.UNBEGUN
    or (done.state == Ending.RELEASED and not done.blocked_on)
  if not released then redis.call('HDEL', task_key(done.id), 'suspicion') end
end

-- STARTED -> what the commit names.
local function move_on(done, ties, lease_ms)
  local id, state, delay_ms = done.id, done.state, done.delay_ms or 0
  if TERMINAL[state] then
    if state == TaskState.FAILURE then
      -- rarely: it failed
      keep_failure(done)
    end
    if done.blob == '' then
      finish_tied(id, ties, state, done.reason or '')
    else
      finish_tied(id, ties, state, done.reason or '', 'blob', done.blob)
    end
  elseif state == Ending.DEAD then
    -- rarely: it is quarantined
    keep_failure(done)
    set_aside(id, done.reason or '')
  elseif state == TaskState.RETRY then
    -- rarely: it failed, and is tried again
    try_again(done, delay_ms)
  elseif done.blocked_on then
    -- rarely: it waits for a lock or a rate limit
    wait_for_it(id, done.blocked_on, delay_ms, lease_ms)
  elseif delay_ms > 0 then
    -- rarely: it is postponed
    uncount(id)
    redis.call('HSET', task_key(id), 'reason', done.reason)
    wait_until_due(id, TaskState.RETRY, NOW + delay_ms)
  else
    -- rarely: it is released
    if state == Ending.UNBEGUN then
      redis.call('HSET', task_key(id), 'deliveries', deliveries_of(id) - 1)
    end
    release(id)
  end
end
