-- The time of Redis, in milliseconds since the epoch.
local clock_s, clock_us = unpack(redis.call('TIME'))
local clock_ms = math.floor(clock_us / 1000)
local NOW = clock_s * 1000 + clock_ms
-- The same as Redis keeps it: turning a number into text takes longer than many a command.
local AT = clock_s .. string.format('%03d', clock_ms)
