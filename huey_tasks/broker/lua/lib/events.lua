-- What happens to tasks, for those who watch: one stream for all queues, which is there only while
-- somebody watches. Without it, a script that changes tasks pays for one EXISTS.
local EVENTS, EVENTS_CAP = PREFIX .. ':events', 20000
local is_watched

-- Adds an event, after the task has changed. `detail`: JSON, or nil. Whatever is wrong with the
-- stream must not stop a script in the middle: only those who watch would miss something.
local function add_event(kind, id, detail, root)
  if is_watched == nil then is_watched = redis.pcall('EXISTS', EVENTS) == 1 end
  if not is_watched then return end
  local task = redis.call('HMGET', task_key(id, root), EventTask.NAMES)
  redis.pcall('XADD', EVENTS, 'NOMKSTREAM', 'MAXLEN', '~', EVENTS_CAP, '*', 'kind', kind,
    'queue', (root or ROOT):match('{(.*)}$'), 'id', id, 'task', cjson.encode(task),
    'detail', detail or 'null')
end
