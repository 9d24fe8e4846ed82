-- heartbeat: a consumer is here, and says what its workers do; how long the oldest task waits is noted
-- args: consumer info concurrency known_ms
-- with: blocked
-- returns: 1, or 0 when it has to say once more which task types it knows; and for which types
--          tasks wait because a consumer did not know them
write_even_if_full()
redis.call('ZADD', CONSUMERS, NOW, consumer)
redis.call('ZREMRANGEBYSCORE', CONSUMERS, '-inf', NOW - known_ms)
local key = consumer_key(consumer)
redis.call('HSET', key, 'info', info, 'concurrency', concurrency, 'seen_at', NOW)
redis.call('PEXPIRE', key, known_ms)
oldest_ms = oldest_waiting_ms()
local unknown = {}
for _, on in ipairs(redis.call('SMEMBERS', UNKNOWN)) do
  unknown[#unknown + 1] = on:match('^type:(.*)$')
end
return { redis.call('HEXISTS', key, 'types'), unknown }
