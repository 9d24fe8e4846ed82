-- schedule_advance: a schedule that waits until `due` waits until `next_due`
-- args: name due next_due
-- with: schedules
-- returns: 1, or 0 when it waits for another time, or is gone
if tonumber(redis.call('ZSCORE', SCHEDULES, name) or -1) ~= tonumber(due) then return 0 end
redis.call('ZADD', SCHEDULES, next_due, name)
tell_of_schedules()
return 1
