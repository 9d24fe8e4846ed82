-- log: a running task keeps lines that it logged, and so does its queue
-- args: id token
-- with: log tasks
-- then the lines
-- returns: 1, or 0 when the token holds no lease
if not holds(id, token) then return 0 end
-- Each has its time, so lines that end as those before are those again, because their answer got lost.
if redis.call('LRANGE', log_key(id), -1, -1)[1] == ARGV[#ARGV] then return 1 end
local type = redis.call('HGET', task_key(id), 'type') or ''
for at = MORE, #ARGV do keep_line(id, type, ARGV[at]) end
return 1
