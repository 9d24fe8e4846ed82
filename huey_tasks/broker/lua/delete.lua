-- delete: SUCCESS, FAILURE, REVOKED or EXPIRED -> in no list; Redis removes it when the time for
--         an undo is over
-- args: operation
-- with: clock failures operations tasks
-- then the ids
-- returns: for each 'done', the state of one that stays, or '' when it is unknown; nothing at all
--          when the operation is over: undone, or too old
-- The first write, an HDEL or a ZREM, needs no memory: a full Redis lets all of it pass.
local decoded = cjson.decode(operation)
if redis.call('HEXISTS', operation_key(decoded.id), 'undone_at') == 1 or undo_until(decoded) <= NOW then
  return {}
end

local function bin(key, binned)
  redis.call('RENAME', key, binned)
  redis.call('PEXPIRE', binned, decoded.undo_ms)
end

-- A cancelled attempt that has not stopped yet may hold a lock; `is_locked` reads that in the record
-- of the task.
local STOPS_WITHIN_MS = 60000
local function still_stops(id)
  local stopping, stopped_at, finished_at = unpack(
    redis.call('HMGET', task_key(id), 'stopping', 'stopped_at', 'finished_at'))
  return stopping and not stopped_at and NOW - finished_at < STOPS_WITHIN_MS
end

-- Removes a task from its failure group. A group without tasks stays for as long as a restore is
-- possible. A group that was dropped for newer ones does not know the task any more.
local function bin_cause(id)
  local cause = redis.call('HGET', CAUSES, id)
  if not cause then return false end
  local failed_at = redis.call('ZSCORE', failed_key(cause), id)
  local last_seen = redis.call('HGET', failure_key(cause), 'last_seen')
  redis.call('HDEL', CAUSES, id)
  redis.call('ZREM', failed_key(cause), id)
  if redis.call('ZCARD', failed_key(cause)) == 0 then
    is_no_group_now(cause)
    redis.call('PEXPIRE', failure_key(cause), decoded.undo_ms)
  end
  return failed_at and last_seen and { cause, failed_at, last_seen }
end

-- Keeps what `restore` needs: id, state, score in its index, the times of its submit and of its
-- quarantine, and its failure group.
local function bin_task(id, state)
  local old = { id, state, redis.call('ZSCORE', index_key(state), id),
    redis.call('ZSCORE', SUBMITTED, id), redis.call('ZSCORE', DEAD, id), bin_cause(id) }
  redis.call('ZREM', index_key(state), id)
  redis.call('ZREM', SUBMITTED, id)
  redis.call('ZREM', DEAD, id)
  bin(task_key(id), binned_key(id))
  for list, binned in pairs({ [log_key(id)] = binned_log_key(id), [partials_key(id)] = binned_partials_key(id) }) do
    if redis.call('EXISTS', list) == 1 then bin(list, binned) end
  end
  redis.call('HSET', binned_key(id), 'binned_by', decoded.id)
  redis.call('RPUSH', undo_key(decoded.id), cjson.encode(old))
end

local answers, binned = {}, 0
for at = MORE, #ARGV do
  local id = ARGV[at]
  local state = redis.call('HGET', task_key(id), 'state')
  if state and TERMINAL[state] and not still_stops(id) then
    bin_task(id, state)
    state, binned = 'done', binned + 1
  elseif redis.call('HGET', binned_key(id), 'binned_by') == decoded.id then
    state = 'done'
  end
  answers[#answers + 1] = state or ''
end
if binned > 0 then
  redis.call('PEXPIREAT', undo_key(decoded.id), undo_until(decoded))
  write_down(operation, binned)
end
return answers
