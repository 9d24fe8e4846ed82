-- schedule_run: a task of a schedule now, because somebody wants it; its plan stays as it is
-- args: name revision operation
-- with: operations schedules
-- then the task: id message type priority delay_ms max_attempts retry_delay_s expires_ms gate
--                passes_on tags
-- returns: 'done'; 'running': the run before it has not ended, and they must not overlap;
--          'draining'; 'other': it is gone or was changed
local kept = redis.call('HMGET', schedule_key(name), 'revision', 'overlap', 'last_task_id')
if kept[3] == ARGV[4] then return 'done' end
if kept[1] ~= revision then return 'other' end
if redis.call('HGET', COUNTERS, 'mode') == 'draining' then return 'draining' end
if is_held_up(kept[2], kept[3]) then return 'running' end
run_of_schedule(name, 4)
write_down(operation, 1)
return 'done'
