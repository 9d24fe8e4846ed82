-- What lets blocked tasks go on.
-- with: blocked clock locks tasks

-- How many one script looks at: Redis does nothing else meanwhile.
local LOOKS = 50

-- Lets one go on at its old place; returns whether it takes the room of one. One that is too late takes
-- none, because the claim ends it: otherwise a thousand of them would keep those behind them waiting
-- for a thousand seconds, while nothing runs.
local function wake_one(id, on)
  local state, place, now_on, expires_at, started_at = unpack(
    redis.call('HMGET', task_key(id), 'state', 'place', 'blocked_on', 'expires_at', 'started_at'))
  unblock(id, on)
  -- One that somebody has erased, or that older code has claimed, is only forgotten.
  if now_on ~= on or state ~= 'PENDING' then return false end
  queue_again(id, place)
  return not is_too_late(id, expires_at, started_at)
end

-- Lets the first of those that wait for this go on, until `most` take room or it has looked at `looks`.
-- Returns how many take room, and how many it has looked at.
local function wake_first(on, most, looks)
  local woken, looked = 0, 0
  while most - woken >= 1 and looked < looks do
    local ids = redis.call('ZRANGE', blocked_key(on), 0, math.min(most - woken, looks - looked) - 1)
    if #ids == 0 then break end
    for _, id in ipairs(ids) do
      if wake_one(id, on) then woken = woken + 1 end
    end
    looked = looked + #ids
  end
  return woken, looked
end

-- Lets the first of those that wait for this go on; where more may, the consumers wake them.
local function wake(on, most)
  if wake_first(on, most, LOOKS) < most and redis.call('EXISTS', blocked_key(on)) == 1 then
    look_again(on, NOW)
  end
end
