-- The runs of schedules: tasks that a schedule submits.
-- with: clock schedules submit tasks

-- Whether a run must not begin because the one before it has not ended.
local function is_held_up(overlap, last_task_id)
  if overlap ~= '0' or not last_task_id then return false end
  local state = redis.call('HGET', task_key(last_task_id), 'state')
  return state and not TERMINAL[state]
end

-- Submits a task, a NewTask, as a run of the schedule, unless it is there already.
local function run_of_schedule(name, new)
  local id = new[NewTask.id]
  if submit(new) == 0 then return end
  redis.call('HSET', task_key(id), 'schedule', name)
  redis.call('HSET', schedule_key(name), 'last_task_id', id, 'last_run_at', AT)
  redis.call('HINCRBY', schedule_key(name), 'runs', 1)
end
