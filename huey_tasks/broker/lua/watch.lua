-- watch: a task as it is, and the last event before that: what follows it is all that happens later
-- args: id keep_ms
-- with: watching
-- returns: {id of that event, names and values of the task, its log, its partial results}; nothing at
--          all when the id is unknown
if redis.call('EXISTS', task_key(id)) == 0 then return {} end
local _, last = watch_on(keep_ms)
return { last, redis.call('HGETALL', task_key(id)), redis.call('LRANGE', log_key(id), 0, -1),
  redis.call('LRANGE', partials_key(id), 0, -1) }
