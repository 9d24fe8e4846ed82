-- awaited: somebody waits for the end of a task; `finish` in lib/finish.lua tells it on the channel
-- args: id
-- with: tasks
-- returns: the state it is in, or '' when the id is unknown; a terminal one means: nothing is told
local state = redis.call('HGET', task_key(id), 'state')
if not state then return '' end
if not TERMINAL[state] then
  write_even_if_full()
  redis.call('HSET', task_key(id), 'awaited', 1)
end
return state
