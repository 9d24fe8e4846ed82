-- rows: what a table shows of some tasks, without what may be large; writes nothing
-- args: largest
-- with: clock
-- then the ids
-- returns: the time, and for each of the first tasks its fields in the order of ROW in task_hash.py,
--          {} for one that is not there; its message is '' when it has more than `largest` bytes
local WITHOUT_MESSAGE = { Row.NAMES }
WITHOUT_MESSAGE[Row.message] = nil
-- Redis does nothing else while it reads: the next call has the others.
local MOST, MOST_BYTES, bytes = 100, 500000, 0
local rows = { NOW }
for at = MORE, math.min(#ARGV, MORE + MOST - 1) do
  if bytes > MOST_BYTES then break end
  local key = task_key(ARGV[at])
  local row = redis.call('HMGET', key, unpack(WITHOUT_MESSAGE))
  if row[Row.state] then
    local small = redis.call('HSTRLEN', key, 'message') <= tonumber(largest)
    row[Row.message] = small and redis.call('HGET', key, 'message') or ''
    bytes = bytes + #row[Row.message] + #(row[Row.attempts] or '')
  else
    row = {}
  end
  rows[#rows + 1] = row
end
return rows
