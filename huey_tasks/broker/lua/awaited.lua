-- awaited: a caller waits for the end of a task; `finish` in lib/finish.lua announces it on ENDS
-- args: id
-- with: tasks
-- returns: the state it is in, or '' when the id is unknown; after a terminal one no message follows
local state = redis.call('HGET', task_key(id), 'state')
if not state then return '' end
if not TERMINAL[state] then
  write_even_if_full()
  redis.call('HSET', task_key(id), 'awaited', 1, 'ties', 1)
end
return state
