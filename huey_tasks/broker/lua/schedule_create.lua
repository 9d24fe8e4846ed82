-- schedule_create: (nothing) -> a schedule, due at `due`, or paused with 'inf'
-- args: name id revision due replaces operation
-- with: clock operations schedules
-- then its other fields, each a name and a value
-- `replaces`: the id of the one whose place it takes, or ''
-- returns: when it was created, in µs since the epoch; '' when there is another of that name
local known, since_us = unpack(redis.call('HMGET', schedule_key(name), 'id', 'created_us'))
if known == id then return since_us end
if known and known ~= replaces then return '' end
local created_us = string.format('%.0f', clock_s * 1000000 + clock_us)
-- After a DEL a full Redis refuses nothing more: the old one does not go without the new.
if known then redis.call('DEL', schedule_key(name)) end
redis.call('HSET', schedule_key(name), 'id', id, 'revision', revision, 'created_us', created_us,
  'updated_at', AT, unpack(ARGV, MORE))
redis.call('ZADD', SCHEDULES, due, name)
write_down(operation, 0)
tell_of_schedules()
return created_us
