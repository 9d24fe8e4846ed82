-- rows: what a table shows of some tasks, without what may be large; writes nothing
-- args: largest
-- with: clock
-- then the ids
-- returns: the time, and for each task its fields in the order of ROW in fields.py, {} for one
--          that is not there; its message is '' when it has more than `largest` bytes
local WITHOUT_MESSAGE = { Row.NAMES }
WITHOUT_MESSAGE[Row.message] = nil
local rows = { NOW }
for at = MORE, #ARGV do
  local key = task_key(ARGV[at])
  local row = redis.call('HMGET', key, unpack(WITHOUT_MESSAGE))
  if row[Row.state] then
    local small = redis.call('HSTRLEN', key, 'message') <= tonumber(largest)
    row[Row.message] = small and redis.call('HGET', key, 'message') or ''
  else
    row = {}
  end
  rows[#rows + 1] = row
end
return rows
