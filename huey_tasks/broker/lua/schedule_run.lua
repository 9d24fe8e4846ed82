-- schedule_run: submits a task of a schedule now, for an operator; its due time stays
-- args: name revision operation
-- with: operations schedule_runs schedules
-- then the fields of the task, a NewTask of protocol.py
-- returns: 'done'; 'running': the run before it has not ended, and they must not overlap;
--          'draining'; 'other': it is gone or was changed
local new = { unpack(ARGV, MORE) }
local now, overlap, last_task_id = unpack(
  redis.call('HMGET', schedule_key(name), 'revision', 'overlap', 'last_task_id'))
if last_task_id == new[NewTask.id] then return 'done' end
if now ~= revision then return 'other' end
if redis.call('HGET', COUNTERS, 'mode') == 'draining' then return 'draining' end
if is_held_up(overlap, last_task_id) then return 'running' end
run_of_schedule(name, new)
write_down(operation, 1)
return 'done'
