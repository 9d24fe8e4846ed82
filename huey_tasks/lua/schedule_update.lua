-- schedule_update: a schedule of that revision gets other fields, and another due time
-- args: name revision next_revision due operation
-- with: clock operations schedules
-- then the fields, each a name and a value; `due` is '' when the plan stays as it is
-- returns: 1, or 0 when it is gone or somebody else has changed it
local now = redis.call('HGET', schedule_key(name), 'revision')
if now == next_revision then return 1 end
if now ~= revision then return 0 end
redis.call('HSET', schedule_key(name), 'revision', next_revision, 'updated_at', AT, unpack(ARGV, MORE))
if due ~= '' then
  redis.call('ZADD', SCHEDULES, due, name)
  redis.call('HDEL', schedule_key(name), 'problem')
end
write_down(operation, 0)
tell_of_schedules()
return 1
