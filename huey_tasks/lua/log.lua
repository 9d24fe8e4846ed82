-- log: a running task keeps a line it logged, and so does its queue; the oldest lines make room
-- args: id token line cap queue_cap keep_ms
-- returns: 1, or 0 when the token holds no lease
if not holds(id, token) then return 0 end
redis.call('HSET', task_key(id), 'logged', 1)
redis.call('RPUSH', log_key(id), line)
redis.call('LTRIM', log_key(id), -cap, -1)
redis.call('RPUSH', LINES, cjson.encode({ id, redis.call('HGET', task_key(id), 'type') or '', line }))
redis.call('LTRIM', LINES, -queue_cap, -1)
redis.call('PEXPIRE', LINES, keep_ms)
return 1
