-- progress: a running task says how far it is
-- args: id token progress
-- with: events tasks
-- returns: 1, or 0 when the token holds no lease
if not holds(id, token) then return 0 end
redis.call('HSET', task_key(id), 'progress', progress)
add_event('progress', id, progress)
return 1
