-- pause: a queue gives out no tasks until it is resumed; what runs goes on, submits are taken
-- args: paused
-- returns: 1
redis.call('HSET', COUNTERS, 'paused', paused)
if paused == '0' then ring() end
return 1
