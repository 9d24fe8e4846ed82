-- For scripts with schedules. A schedule is one hash; the score of its name is when it is due, and
-- inf while it is paused. Whoever has read one says its `revision`, which each change makes anew.
local SCHEDULES = ROOT .. ':schedules'
local function schedule_key(name) return ROOT .. ':schedule:' .. name end

-- Consumers learn at once when the first of them is due now.
local function tell_of_schedules() redis.call('PUBLISH', CONTROL, 'schedules') end

-- Whether a run must not begin because the one before it has not ended.
local function is_held_up(overlap, last_task_id)
  if overlap ~= '0' or not last_task_id then return false end
  local state = redis.call('HGET', task_key(last_task_id), 'state')
  return state and not TERMINAL[state]
end

-- Submits a task as a run of the schedule, unless it is there already; `at`: where its id stands.
local function run_of_schedule(name, at)
  local id = ARGV[at]
  if submit(unpack(ARGV, at)) == 0 then return end
  redis.call('HSET', task_key(id), 'schedule', name)
  redis.call('HSET', schedule_key(name), 'last_task_id', id, 'last_run_at', AT)
  redis.call('HINCRBY', schedule_key(name), 'runs', 1)
end
