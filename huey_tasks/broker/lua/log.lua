-- log: a running task keeps lines that it logged, and so does its queue
-- args: id token
-- with: log tasks
-- then the lines
-- returns: 1, or 0 when the token holds no lease
if not holds(id, token) then return 0 end
local type = redis.call('HGET', task_key(id), 'type') or ''
for at = MORE, #ARGV do keep_line(id, type, ARGV[at]) end
return 1
