-- The time of Redis, in milliseconds since the epoch.
local clock_s, clock_us = unpack(redis.call('TIME'))
local NOW = clock_s * 1000 + math.floor(clock_us / 1000)
-- The same as Redis keeps it: turning a number into text takes longer than many a command.
local AT = string.format('%.0f', NOW)
