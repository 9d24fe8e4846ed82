-- Attempts whose task was cancelled, while their workers may still run them. The lease that such an
-- attempt had goes on in `stopping`, so that what counts or waits for what runs sees it.
-- with: clock
local function stopping_key(root) return (root or ROOT) .. ':stopping' end

-- The attempt may run until its worker is free. `lease_end`: what its score in STARTED was.
local function begin_stop(id, token, lease_end)
  redis.call('ZADD', stopping_key(), lease_end or NOW, id)
  redis.call('HSET', task_key(id), 'stopping', token)
end

-- Renews the lease of an attempt that has not stopped yet.
local function go_on_stopping(id, token, lease_ms)
  local stopping, stopped_at = unpack(redis.call('HMGET', task_key(id), 'stopping', 'stopped_at'))
  if stopping == token and not stopped_at then
    redis.call('ZADD', stopping_key(), NOW + lease_ms, id)
  end
end

-- The attempt of a cancelled task has ended: its worker is free.
local function confirm_stop(id, token)
  if token ~= '' and redis.call('HGET', task_key(id), 'stopping') == token then
    redis.call('HSET', task_key(id), 'stopped_at', NOW)
    redis.call('ZREM', stopping_key(), id)
  end
end
