-- outcome: keeps what attempts returned or raised, in the result backend; no task changes here
-- args: ttl_ms
-- then, for each outcome: key blob
-- returns: 1
for at = 2, #ARGV, 2 do
  redis.call('DEL', ARGV[at]) -- first, so that a full Redis takes what lets tasks end
  redis.call('SET', ARGV[at], ARGV[at + 1], 'PX', ttl_ms)
end
return 1
