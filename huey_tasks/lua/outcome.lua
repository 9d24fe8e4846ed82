-- outcome: keeps what attempts returned or raised, in the result backend; no task changes here
-- args: ttl_ms
-- then, for each outcome: key blob
-- returns: nothing
redis.call('DEL', ARGV[MORE]) -- first, so that a full Redis takes what lets tasks end
for at = MORE, #ARGV, 2 do redis.call('SET', ARGV[at], ARGV[at + 1], 'PX', ttl_ms) end
