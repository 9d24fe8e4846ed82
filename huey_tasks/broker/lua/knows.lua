-- knows: a consumer says which task types it knows, before its workers claim anything
-- args: consumer known_ms
-- with: tasks
-- then the types
-- returns: nothing
-- Workers of a consumer that has not said it, or whose record has expired, claim only what they have run.
write_even_if_full()
local key = consumer_key(consumer)
redis.call('HSET', key, 'types', #ARGV - MORE + 1)
for at = MORE, #ARGV do redis.call('HSET', key, 'knows.' .. ARGV[at], 1) end
redis.call('PEXPIRE', key, known_ms)
