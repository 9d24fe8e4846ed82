-- limit: one more use of a rate limit in its present window; no task changes here, but those that
--        wait for it are looked at when the window ends
-- args: name per_ms most request
-- with: answered blocked clock locks tasks
-- returns: how many uses that makes, and the milliseconds until the window ends
-- The same `request` again, because its answer got lost, is the same use.
local key = ROOT .. ':limit:' .. name
local window = math.floor(NOW / per_ms)
local before = answered(request)
if before then return { tonumber(before), (window + 1) * per_ms - NOW } end
local seen, seen_used = unpack(redis.call('HMGET', key, 'window', 'used'))
local used = (tonumber(seen) == window and seen_used or 0) + 1
write_even_if_full()
redis.call('HSET', key, 'window', window, 'used', used)
remember_answered(request, used)
redis.call('PEXPIREAT', key, (window + 1) * per_ms)
local on = 'limit:' .. most .. ':' .. name
if redis.call('ZSCORE', AWAITED, on) then look_again(on, (window + 1) * per_ms) end
return { used, (window + 1) * per_ms - NOW }
