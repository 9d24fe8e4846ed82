-- What happens to tasks, for those who watch: one stream for all queues, which is there only while
-- somebody watches. Without it, a script that changes tasks pays for one EXISTS.
local EVENTS, EVENTS_CAP = PREFIX .. ':events', 20000
local is_watched

local function somebody_watches()
  if is_watched == nil then is_watched = redis.pcall('EXISTS', EVENTS) == 1 end
  return is_watched
end

-- Whatever is wrong with the stream must not stop a script in the middle: only those who watch would
-- miss something. `task`: its fields in the order of EventTask. `detail`: JSON, or nil.
local function write_event(kind, queue, id, task, detail)
  redis.pcall('XADD', EVENTS, 'NOMKSTREAM', 'MAXLEN', '~', EVENTS_CAP, '*', 'kind', kind,
    'queue', queue, 'id', id, 'task', cjson.encode(task), 'detail', detail or 'null')
end

-- Adds an event, after the task has changed.
local function add_event(kind, id, detail, root)
  if not somebody_watches() then return end
  -- rarely: somebody watches
  local task = redis.call('HMGET', task_key(id, root), EventTask.NAMES)
  write_event(kind, (root or ROOT):match('{(.*)}$'), id, task, detail)
end
