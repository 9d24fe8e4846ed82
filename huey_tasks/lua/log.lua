-- log: a running task keeps a line it logged, and so does its queue
-- args: id token line
-- with: log tasks
-- returns: 1, or 0 when the token holds no lease
if not holds(id, token) then return 0 end
keep_line(id, redis.call('HGET', task_key(id), 'type') or '', line)
return 1
