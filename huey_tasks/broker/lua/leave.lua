-- leave: a consumer has stopped; it is live no longer
-- args: consumer
-- returns: nothing
redis.call('ZREM', CONSUMERS, consumer)
redis.call('DEL', consumer_key(consumer))
