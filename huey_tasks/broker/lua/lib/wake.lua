-- What lets a blocked task go on.
-- with: blocked

-- Lets the first of those that wait for this go on, at their old places; returns how many it looked at.
local function wake(on, most)
  if most < 1 then return 0 end
  local ids = redis.call('ZRANGE', blocked_key(on), 0, most - 1)
  for _, id in ipairs(ids) do
    local state, place, now_on = unpack(
      redis.call('HMGET', task_key(id), 'state', 'place', 'blocked_on'))
    unblock(id, on)
    -- One that somebody has erased, or that older code has claimed, is only forgotten.
    if now_on == on and state == 'PENDING' then queue_again(id, place) end
  end
  return #ids
end
