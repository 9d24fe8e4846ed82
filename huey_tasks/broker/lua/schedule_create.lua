-- schedule_create: a schedule gets a name that is free in all `queues`, or takes the place of those
--                  that have it; due at `due`, or paused with 'inf'
-- args: name id revision due replaces queues most operation
-- with: clock operations schedules
-- then its other fields, each a name and a value
-- `replaces`: the revisions of those that have the name, in the order of `queues`; '' if none has it
-- returns: 'done', when it is due, its fields; 'other': others have the name; 'full': there are `most`
if redis.call('HGET', schedule_key(name), 'id') == id then return { 'done', schedule_now(name) } end
local revisions, number = {}, 0
for queue in queues:gmatch('%S+') do
  local root = root_of(queue)
  local listed = redis.call('ZSCORE', schedules_key(root), name)
  revisions[#revisions + 1] = listed and redis.call('HGET', schedule_key(name, root), 'revision') or nil
  number = number + redis.call('ZCARD', schedules_key(root))
end
if table.concat(revisions, ' ') ~= replaces then return { 'other' } end
if replaces == '' and number >= tonumber(most) then return { 'full' } end
-- A full Redis refuses this, and after it nothing more: the old one does not go without the new.
redis.call('ZADD', SCHEDULES, due, name)
for queue in queues:gmatch('%S+') do
  local root = root_of(queue)
  if root ~= ROOT then redis.call('ZREM', schedules_key(root), name) end
  redis.call('DEL', schedule_key(name, root))
end
redis.call('HSET', schedule_key(name), 'id', id, 'revision', revision,
  'created_us', string.format('%.0f', clock_s * 1000000 + clock_us), 'updated_at', AT, unpack(ARGV, MORE))
write_down(operation, 0)
tell_of_schedules()
return { 'done', schedule_now(name) }
