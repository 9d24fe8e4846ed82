-- schedule_fire: a due time of a schedule -> its task, and the next due time, in one step
-- args: name revision due next_due missed problem
-- with: schedule_runs schedules
-- then, unless there is a problem, the fields of the task, a NewTask of protocol.py
-- `missed`: due times behind `due` that have passed, too; together they make one run.
-- `problem`: why it makes no task this time.
-- returns: 'fired'; 'skipped', because the run before it has not ended; 'problem'; 'draining': it
--          stays due; 'other': it is not what the caller has read, and nothing was changed
local key = schedule_key(name)
local now, overlap, last_task_id = unpack(
  redis.call('HMGET', key, 'revision', 'overlap', 'last_task_id'))
if now ~= revision then return 'other' end
if tonumber(redis.call('ZSCORE', SCHEDULES, name)) ~= tonumber(due) then return 'other' end
if redis.call('HGET', COUNTERS, 'mode') == 'draining' then return 'draining' end
local answer = 'fired'
if problem ~= '' then
  answer = 'problem'
  redis.call('HSET', key, 'problem', problem)
elseif is_held_up(overlap, last_task_id) then
  answer = 'skipped'
  redis.call('HINCRBY', key, 'skipped', 1)
else
  run_of_schedule(name, { unpack(ARGV, MORE) })
end
if problem == '' then redis.call('HDEL', key, 'problem') end
if missed ~= '0' then redis.call('HINCRBY', key, 'missed', missed) end
redis.call('ZADD', SCHEDULES, next_due, name)
return answer
