-- whereabouts: one consistent look at one task; writes nothing
-- args: id
-- returns: its state ('' when there is no such task), and every index it is in
local indexes = {}
for _, state in ipairs({ TaskState.LIVE, TaskState.TERMINAL }) do
  if redis.call('ZSCORE', index_key(state), id) then indexes[#indexes + 1] = state end
end
return { redis.call('HGET', task_key(id), 'state') or '', indexes }
