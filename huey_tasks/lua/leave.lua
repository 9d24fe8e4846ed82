-- leave: a consumer has stopped and says goodbye
-- args: consumer
-- returns: nothing
redis.call('ZREM', CONSUMERS, consumer)
redis.call('DEL', consumer_key(consumer))
