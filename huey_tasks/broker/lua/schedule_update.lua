-- schedule_update: a schedule of that revision gets other fields, and another due time
-- args: name revision next_revision due operation
-- with: clock operations schedules
-- then the fields, each a name and a value; `due` is '' when the plan stays as it is
-- returns: 'done', when it is due, its fields; 'other': it is not here, or somebody has changed it
local now, updated = unpack(redis.call('HMGET', schedule_key(name), 'revision', 'updated_at'))
if now == next_revision then return { 'done', schedule_now(name) } end
if now ~= revision then return { 'other' } end
-- Later than before also in the same millisecond, or after the clock went back: else nobody sees the change.
updated = math.max(NOW, (tonumber(updated) or 0) + 1)
redis.call('HSET', schedule_key(name), 'revision', next_revision, 'updated_at', updated, unpack(ARGV, MORE))
if due ~= '' then
  redis.call('ZADD', SCHEDULES, due, name)
  redis.call('HDEL', schedule_key(name), 'problem')
end
write_down(operation, 0)
tell_of_schedules()
return { 'done', schedule_now(name) }
