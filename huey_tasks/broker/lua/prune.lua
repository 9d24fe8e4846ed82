-- prune: removes finished tasks that are too old or too many; quarantined ones stay
-- args: ttl_ms cap limit
-- with: clock leave_group tasks
-- returns: how many were looked at; as many as `limit` in one state means: call again
write_even_if_full()
local looked_at = 0
local function forget(state, ids)
  local index = index_key(state)
  for _, id in ipairs(ids) do
    if redis.call('ZSCORE', DEAD, id) then
      redis.call('ZADD', index, NOW, id)
    else
      redis.call('ZREM', index, id)
      redis.call('ZREM', SUBMITTED, id)
      redis.call('DEL', task_key(id), log_key(id), partials_key(id))
      if state == 'FAILURE' then leave_group(id) end
    end
  end
  looked_at = looked_at + #ids
end
for state in pairs(TERMINAL) do
  local index = index_key(state)
  forget(state, redis.call('ZRANGEBYSCORE', index, '-inf', NOW - ttl_ms, 'LIMIT', 0, limit))
  local over = math.min(redis.call('ZCARD', index) - cap, tonumber(limit))
  if over > 0 then forget(state, redis.call('ZRANGE', index, 0, over - 1)) end
end
return looked_at
