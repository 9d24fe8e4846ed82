-- log: a running task keeps a line it logged; the oldest lines make room
-- args: id token line cap
-- returns: 1, or 0 when the token holds no lease
if not holds(id, token) then return 0 end
redis.call('HSET', task_key(id), 'logged', 1)
redis.call('RPUSH', log_key(id), line)
redis.call('LTRIM', log_key(id), -cap, -1)
return 1
