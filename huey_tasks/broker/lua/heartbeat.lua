-- heartbeat: a consumer says that it is alive and what its workers do; notes the longest wait
-- args: consumer info concurrency known_ms dataset
-- with: blocked clock clock_back counting flows oldest_waiting outbox tasks
-- `dataset`: the id of the data set that the consumer knows this queue to be part of.
-- returns: {the id found ('' if the mark was gone, and is set again), ms by which the clock has gone
--          back since the last heartbeat of any consumer (0 if it has not), tasks moved with it,
--          1, or 0 when it has to say once more which task types it knows, for which types
--          tasks wait because a consumer did not know them, how many consumers there are, and the
--          words of the control channel for what there is to do: a message of it may be lost}
write_even_if_full()
local mark, clock = unpack(redis.call('HMGET', DATASET, 'id', 'clock'))
local back_ms, moved = (clock or NOW) - NOW, 0
if back_ms > NOTICED_MS then
  -- rarely: the clock has gone back
  moved = follow_the_clock(back_ms)
else
  back_ms = 0
end
local shared_back_ms = (redis.call('GET', CLOCK) or NOW) - NOW
if shared_back_ms > NOTICED_MS then
  -- rarely: and this consumer is the first of all queues to see it
  follow_in_all_queues(shared_back_ms)
end
redis.call('SET', CLOCK, AT)
if not mark and dataset ~= '' then
  redis.call('HSET', DATASET, 'id', dataset, 'vanished_at', AT)
end
redis.call('HSET', DATASET, 'clock', AT)

redis.call('ZADD', CONSUMERS, NOW, consumer)
redis.call('ZREMRANGEBYSCORE', CONSUMERS, '-inf', NOW - known_ms)
local key = consumer_key(consumer)
redis.call('HSET', key, 'info', info, 'concurrency', concurrency, 'seen_at', NOW)
redis.call('PEXPIRE', key, known_ms)
oldest_ms = oldest_waiting_ms() -- `counting` writes it
local unknown = {}
for _, on in ipairs(redis.call('SMEMBERS', UNKNOWN)) do
  unknown[#unknown + 1] = on:match('^type:(.*)$')
end

local SOON_MS = 2000 -- within two heartbeats
local words = {}
local function head_is_before(index, time)
  local _, score = unpack(redis.call('ZRANGE', index, 0, 0, 'WITHSCORES'))
  return score and tonumber(score) <= time
end
local function say_if(word, is_there) if is_there then words[#words + 1] = word end end
local function exist(...) return redis.call('EXISTS', ...) > 0 end

say_if('due', exist(index_key('PENDING'), UNKNOWN)
  or head_is_before(index_key('SCHEDULED'), NOW + SOON_MS)
  or head_is_before(index_key('RETRY'), NOW + SOON_MS)
  or head_is_before(AWAITED, NOW + SOON_MS))
say_if('late', head_is_before(EXPIRING, NOW + SOON_MS))
say_if('leases', head_is_before(index_key('STARTED'), NOW))
say_if('outbox', exist(OUTBOX))
say_if('flows', exist(MOVING))
say_if('functions', exist(blocked_key(ALONE), blocked_key(FUNCTIONS), blocked_key(NESTED)))
local consumers = redis.call('ZCARD', CONSUMERS)
return { mark or '', back_ms, moved, redis.call('HEXISTS', key, 'types'), unknown, consumers, words }
