-- A schedule is one hash; the score of its name is when it is due, and inf while it is paused. A caller
-- names the `revision` that it has read; each change makes another.
local SCHEDULES = ROOT .. ':schedules'
local function schedule_key(name) return ROOT .. ':schedule:' .. name end

-- Consumers learn at once when the first of them is due now.
local function tell_of_schedules() redis.call('PUBLISH', CONTROL, 'schedules') end
