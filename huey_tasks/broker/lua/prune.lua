-- prune: removes finished tasks that are too old or too many; quarantined ones stay
-- args: ttl_ms cap limit
-- with: clock leave_group tasks
-- returns: {how many it removed, 1 if it looked at `limit` and there may be more to remove}
write_even_if_full()
local left, removed = tonumber(limit), 0
local function forget(state, ids)
  if #ids == 0 then return end
  local index, gone, records = index_key(state), {}, {}
  for at, is_dead in ipairs(redis.call('ZMSCORE', DEAD, unpack(ids))) do
    local id = ids[at]
    if is_dead then
      redis.call('ZADD', index, NOW, id)
    else
      gone[#gone + 1] = id
      for _, key in ipairs({ task_key(id), log_key(id), partials_key(id) }) do records[#records + 1] = key end
      if state == 'FAILURE' then leave_group(id) end
    end
  end
  if #gone > 0 then
    redis.call('ZREM', index, unpack(gone))
    redis.call('ZREM', SUBMITTED, unpack(gone))
    redis.call('DEL', unpack(records))
  end
  left, removed = left - #ids, removed + #gone
end
for _, state in ipairs({ TaskState.TERMINAL }) do
  local index = index_key(state)
  forget(state, redis.call('ZRANGEBYSCORE', index, '-inf', NOW - ttl_ms, 'LIMIT', 0, left))
  local over = math.min(redis.call('ZCARD', index) - cap, left)
  if over > 0 then forget(state, redis.call('ZRANGE', index, 0, over - 1)) end
end
return { removed, left == 0 and removed > 0 and 1 or 0 }
