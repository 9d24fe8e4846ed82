-- rows: what a table shows of some tasks, without what may be large; writes nothing
-- args: largest
-- then the ids
-- returns: the time, and for each task its fields in the order of FIELDS in rows.py, {} for one
--          that is not there; its message is '' when it has more than `largest` bytes
local FIELDS = { 'state', 'type', 'attempt', 'max_attempts', 'deliveries', 'crashes', 'losses',
  'progress', 'submitted_at', 'queued_at', 'started_at', 'finished_at', 'due_at', 'token',
  'stopping', 'stopped_at', 'outcome', 'reason', 'attempts', 'retry_of', 'retried_as', 'tags',
  'gate', 'cause' }
local rows = { NOW }
for at = 2, #ARGV do
  local row = redis.call('HMGET', task_key(ARGV[at]), unpack(FIELDS))
  if row[1] then
    local small = redis.call('HSTRLEN', task_key(ARGV[at]), 'message') <= tonumber(largest)
    row[#FIELDS + 1] = small and redis.call('HGET', task_key(ARGV[at]), 'message') or ''
  else
    row = {}
  end
  rows[#rows + 1] = row
end
return rows
