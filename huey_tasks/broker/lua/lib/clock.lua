-- The time of Redis, in milliseconds since the epoch: AT is the text that Redis keeps, NOW the number.
-- To make a text of a number takes longer than many a command.
local clock_s, clock_us = unpack(redis.call('TIME'))
local AT = clock_s .. ('00000' .. clock_us):sub(-6, -4)
local NOW = tonumber(AT)
