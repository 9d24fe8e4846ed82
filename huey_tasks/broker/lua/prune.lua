-- prune: removes finished tasks that are too old or too many; quarantined ones stay, and do not count
-- args: ttl_ms cap limit
-- with: clock leave_group tasks
-- returns: {how many it removed, 1 if it looked at `limit` and there may be more to remove}
write_even_if_full()
local left, removed = tonumber(limit), 0

-- How many of the quarantined tasks come before all others: both sets have them in one order.
local function dead_in_front(index, dead)
  local low, high = 0, dead
  while low < high do
    local middle = math.ceil((low + high) / 2)
    local rank = redis.call('ZRANK', index, redis.call('ZRANGE', DEAD, middle - 1, middle - 1)[1])
    if rank and rank < middle then low = middle else high = middle - 1 end
  end
  return low
end

local function forget(state, ids)
  if #ids == 0 then return end
  local index, gone, records = index_key(state), {}, {}
  for at, dead_at in ipairs(redis.call('ZMSCORE', DEAD, unpack(ids))) do
    local id = ids[at]
    if dead_at then
      redis.call('ZADD', index, dead_at, id) -- an older version has given it another time
    else
      gone[#gone + 1] = id
      for _, key in ipairs({ task_key(id), log_key(id), partials_key(id) }) do records[#records + 1] = key end
      if state == 'FAILURE' then leave_group(id) end
    end
  end
  if #gone > 0 then
    redis.call('ZREM', index, unpack(gone))
    redis.call('ZREM', SUBMITTED, unpack(gone))
    redis.call('UNLINK', unpack(records)) -- the log of a task may have a megabyte
  end
  left, removed = left - #ids, removed + #gone
end

for _, state in ipairs({ TaskState.TERMINAL }) do
  local index, dead = index_key(state), state == 'FAILURE' and redis.call('ZCARD', DEAD) or 0
  local first = dead_in_front(index, dead)
  forget(state, redis.call('ZRANGEBYSCORE', index, '-inf', NOW - ttl_ms, 'LIMIT', first, left))
  local over = math.min(redis.call('ZCARD', index) - dead - cap, left)
  if over > 0 then
    first = dead_in_front(index, dead)
    forget(state, redis.call('ZRANGE', index, first, first + over - 1))
  end
end
return { removed, left == 0 and removed > 0 and 1 or 0 }
