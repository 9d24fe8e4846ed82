-- schedule_names: the names of all schedules in one moment, so none is missed that moves
-- args: queues
-- with: schedules
-- returns: a list of names for each of the queues
local found = {}
for queue in queues:gmatch('%S+') do
  found[#found + 1] = redis.call('ZRANGE', schedules_key(root_of(queue)), 0, -1)
end
return found
