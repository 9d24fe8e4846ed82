-- schedules_named: which schedules have these names, in one moment, however they move from queue to queue
-- args: queues
-- with: schedules
-- then the names
-- returns: {queue, name, when it is due, its fields} of each
local found = {}
for queue in queues:gmatch('%S+') do
  local root = root_of(queue)
  for at = MORE, #ARGV do
    local name = ARGV[at]
    local due = redis.call('ZSCORE', schedules_key(root), name)
    if due then found[#found + 1] = { queue, name, due, redis.call('HGETALL', schedule_key(name, root)) } end
  end
end
return found
