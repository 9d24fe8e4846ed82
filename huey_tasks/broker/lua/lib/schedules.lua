-- A schedule is one hash; the score of its name is when it is due, and inf while it is paused. A caller
-- names the `revision` that it has read; each change makes another. A name is one over all queues, but
-- an older version may have left two: the one that was created first has it.
local function schedules_key(root) return root .. ':schedules' end
local function schedule_key(name, root) return (root or ROOT) .. ':schedule:' .. name end
local SCHEDULES = schedules_key(ROOT)

-- Consumers learn at once when the first of them is due now.
local function tell_of_schedules() redis.call('PUBLISH', CONTROL, 'schedules') end

-- Returns a schedule as it is now: when it is due, and its fields.
local function schedule_now(name)
  return redis.call('ZSCORE', SCHEDULES, name), redis.call('HGETALL', schedule_key(name))
end
