-- leave: a consumer has stopped and says goodbye
-- args: consumer
-- returns: 1
redis.call('ZREM', CONSUMERS, consumer)
redis.call('DEL', ROOT .. ':consumer:' .. consumer)
return 1
