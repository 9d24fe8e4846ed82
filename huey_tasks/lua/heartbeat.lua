-- heartbeat: a consumer is here, and says what its workers do; how long the oldest task waits is noted
-- args: consumer info concurrency known_ms
-- returns: nothing
write_even_if_full()
redis.call('ZADD', CONSUMERS, NOW, consumer)
redis.call('ZREMRANGEBYSCORE', CONSUMERS, '-inf', NOW - known_ms)
local key = ROOT .. ':consumer:' .. consumer
redis.call('HSET', key, 'info', info, 'concurrency', concurrency, 'seen_at', NOW)
redis.call('PEXPIRE', key, known_ms)
oldest_ms = oldest_waiting_ms()
