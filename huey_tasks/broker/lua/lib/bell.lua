-- Wakes one waiting worker. A worker that claims wakes another one while tasks are left.
local function ring_now(bell)
  if redis.call('LLEN', bell) == 0 then redis.call('LPUSH', bell, 1) end
end
