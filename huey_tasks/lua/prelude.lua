-- Shared by every script: the loader puts it in front. KEYS[1] is the root of one queue.
-- Scripts read and check before they write, because a Lua error undoes nothing.
local ROOT = KEYS[1]
local clock = redis.call('TIME')
local NOW = clock[1] * 1000 + math.floor(clock[2] / 1000)
-- The same as Redis keeps it: turning a number into text takes longer than many a command.
local AT = string.format('%.0f', NOW)
local TERMINAL = { SUCCESS = true, FAILURE = true, REVOKED = true, EXPIRED = true }

local function task_key(id) return ROOT .. ':task:' .. id end
local function log_key(id) return ROOT .. ':log:' .. id end
local function index_key(state) return ROOT .. ':state:' .. state end
local function binned_key(id) return ROOT .. ':binned:' .. id end
local function binned_log_key(id) return ROOT .. ':binned-log:' .. id end
local function undo_key(id) return ROOT .. ':undo:' .. id end
local function operation_key(id) return ROOT .. ':operation:' .. id end
local function gate_key(id) return ROOT .. ':gate:' .. id end
local function lock_key(name) return ROOT .. ':lock:' .. name end
local function failure_key(cause) return ROOT .. ':failure:' .. cause end
local function failed_key(cause) return ROOT .. ':failed:' .. cause end
local BELL, COUNTERS, CONTROL = ROOT .. ':bell', ROOT .. ':counters', ROOT .. ':control'
local ENDS, AUDIT = ROOT .. ':ends', ROOT .. ':audit'
-- How many tasks that were set aside are kept, whatever their age.
local DEAD_CAP = 10000
local SUBMITTED, DEAD, CONSUMERS = ROOT .. ':submitted', ROOT .. ':dead', ROOT .. ':consumers'
local FAILURES, CAUSES = ROOT .. ':failures', ROOT .. ':causes'

-- A Redis that is out of memory lets a script write if its first write is one that needs none. So
-- what ends or keeps tasks goes on, which frees memory, while submits are refused.
local function write_even_if_full()
  redis.call('ZREM', index_key('STARTED'), '')
end

-- Drops an id from its index, because somebody has erased its task, and counts it.
local function drop_erased(id, state)
  redis.call('ZREM', index_key(state), id)
  redis.call('HINCRBY', COUNTERS, 'missing', 1)
end

local function exists(id, state)
  if redis.call('EXISTS', task_key(id)) == 1 then return true end
  drop_erased(id, state)
  return false
end

-- Whether this attempt holds the task; a task that nobody holds has no token to match.
local function holds(id, token)
  return token ~= '' and redis.call('HGET', task_key(id), 'token') == token
end

-- The attempt of a cancelled task has let go of it: its worker is free.
local function confirm_stop(id, token)
  if token ~= '' and redis.call('HGET', task_key(id), 'stopping') == token then
    redis.call('HSET', task_key(id), 'stopped_at', NOW)
  end
end

-- A text of no more bytes than that, cut between two characters.
local function cut(text, bytes)
  if #text <= bytes then return text end
  return (text:sub(1, bytes):gsub('[\194-\244][\128-\191]*$', ''))
end

-- Keeps with a task how the attempt that holds it ends, unless that is well: a line of JSON each,
-- as AttemptLine in fields.py has them. The oldest make room; the caller then clears the token.
local ATTEMPTS_CAP, ATTEMPTS_BYTES, ERROR_BYTES = 50, 16384, 500
local function keep_attempt(id, state, error)
  local task = redis.call('HMGET', task_key(id), 'attempt', 'started_at', 'token', 'attempts')
  local line = cjson.encode({ tonumber(task[1]), state, tonumber(task[2]), NOW, task[3],
    cut(error, ERROR_BYTES) }):gsub('\\/', '/')
  local lines = task[4] and task[4] .. '\n' .. line or line
  local _, older = lines:gsub('\n', '')
  while older >= ATTEMPTS_CAP or (older > 0 and #lines > ATTEMPTS_BYTES) do
    lines, older = lines:match('\n(.*)'), older - 1
  end
  redis.call('HSET', task_key(id), 'attempts', lines)
end

-- What many tasks have in common is written once, at the end of a script (the loader sees to that):
-- which tasks ended, what was counted (totals for ever; by task type for a while, by the minute and
-- the hour), and the bell.
local ended, counted, noted, rings = {}, {}, {}, false
local SPANS = {
  { name = 'minute', ms = 60000, keep_ms = 6 * 3600000 },
  { name = 'hour', ms = 3600000, keep_ms = 35 * 86400000 },
}

local function count(name)
  counted[name] = (counted[name] or 0) + 1
end

local function note(type, what)
  local field = type .. '|' .. what
  noted[field] = (noted[field] or 0) + 1
end

-- A duration as the number of its bucket: four to each doubling of milliseconds.
local function bucket(ms)
  return ms < 1 and 0 or math.floor(math.log(ms) / math.log(2) * 4) + 1
end

-- Wakes one waiting worker; whoever claims rings again while tasks are left.
local function ring() rings = true end

local function write_what_is_left()
  for state, members in pairs(ended) do redis.call('ZADD', index_key(state), unpack(members)) end
  if rings and redis.call('LLEN', BELL) == 0 then redis.call('LPUSH', BELL, 1) end
  for name, number in pairs(counted) do redis.call('HINCRBY', COUNTERS, name, number) end
  if not next(noted) then return end
  for _, span in ipairs(SPANS) do
    local key = ROOT .. ':history:' .. span.name .. ':' .. math.floor(NOW / span.ms)
    for field, number in pairs(noted) do
      local is_new = redis.call('HINCRBY', key, field, number) == number
      if is_new then redis.call('PEXPIRE', key, span.keep_ms) end
    end
  end
end

-- A place at the end of the queue; a higher priority stands before every lower one.
local function new_place(priority)
  return redis.call('HINCRBY', COUNTERS, 'place', 1) - priority * 1e10
end

local function wait_in_queue(id, place)
  redis.call('ZADD', index_key('PENDING'), place, id)
  redis.call('HSET', task_key(id), 'state', 'PENDING', 'place', place, 'queued_at', NOW)
  ring()
end

-- Waits in SCHEDULED or RETRY; consumers hear of it when it is the next to become due.
local function wait_until_due(id, state, due)
  redis.call('ZADD', index_key(state), due, id)
  redis.call('HSET', task_key(id), 'state', state, 'due_at', due)
  if redis.call('ZRANK', index_key(state), id) == 0 then redis.call('PUBLISH', CONTROL, 'due') end
end

-- Puts a new task into its queue, or on the schedule; 0 when the id is known and nothing changes.
-- NewTask in protocol.py has the same fields. HSET comes first: a full Redis refuses it, and then
-- nothing is half done.
local function submit(id, message, type, priority, delay_ms, max_attempts, retry_delay_s, expires_ms,
                      gate, passes_on, tags)
  if redis.call('ZSCORE', SUBMITTED, id) then return 0 end
  local fields = { 'message', message, 'type', type, 'priority', priority,
    'max_attempts', max_attempts, 'retries_left', max_attempts - 1,
    'retry_delay_s', retry_delay_s, 'submitted_at', NOW }
  if tonumber(expires_ms) > 0 then
    fields[#fields + 1], fields[#fields + 2] = 'expires_at', NOW + expires_ms
  end
  if gate ~= '' then
    fields[#fields + 1], fields[#fields + 2] = 'gate', gate
    fields[#fields + 1], fields[#fields + 2] = 'passes_on', passes_on
  end
  if tags and tags ~= '' then fields[#fields + 1], fields[#fields + 2] = 'tags', tags end
  redis.call('HSET', task_key(id), unpack(fields))
  redis.call('ZADD', SUBMITTED, NOW, id)
  count('SUBMITTED')
  note(type, 'SUBMITTED')
  if tonumber(delay_ms) > 0 then
    wait_until_due(id, 'SCHEDULED', NOW + delay_ms)
  else
    wait_in_queue(id, new_place(priority))
  end
  return 1
end

-- A gate lets one task through, `callback`, when as many tasks have ended as stand before it.
-- It has the id of that task, so that a repeat opens no second one.
local function open_gate(size, callback)
  local id = callback[1]
  if redis.call('ZSCORE', SUBMITTED, id) or redis.call('EXISTS', gate_key(id)) == 1 then return end
  redis.call('HSET', gate_key(id), 'before', size, 'callback', cjson.encode(callback))
end

local function pass_gate(gate)
  if redis.call('EXISTS', gate_key(gate)) == 0 then return end
  if redis.call('HINCRBY', gate_key(gate), 'before', -1) > 0 then return end
  local callback = cjson.decode(redis.call('HGET', gate_key(gate), 'callback'))
  redis.call('DEL', gate_key(gate))
  submit(unpack(callback))
end

-- What a task has when somebody or something holds it or waits for its end, in this order.
local function ties_of(id)
  return redis.call('HMGET', task_key(id), 'logged', 'gate', 'passes_on', 'type', 'awaited', 'token')
end

-- The one way into a terminal state; the caller has removed the task from its index, and may name
-- more fields to set. A task that ends passes its gate, however it ended, unless the next of its
-- pipeline will do so.
local function finish_tied(id, fields, state, reason, ttl_ms, ...)
  local key = task_key(id)
  redis.call('HSET', key, 'state', state, 'finished_at', AT, 'token', '', 'reason', reason, ...)
  redis.call('PEXPIRE', key, ttl_ms)
  local members = ended[state] or {}
  ended[state], members[#members + 1], members[#members + 2] = members, AT, id
  if fields[1] then redis.call('PEXPIRE', log_key(id), ttl_ms) end
  count(state)
  note(fields[4], state)
  -- Whoever is not told looks for itself, so a user without the channel is no reason to fail.
  if fields[5] then redis.pcall('PUBLISH', ENDS, id) end
  if fields[2] and not (state == 'SUCCESS' and fields[3] == '1') then pass_gate(fields[2]) end
end

local function finish(id, state, reason, ttl_ms, ...)
  finish_tied(id, ties_of(id), state, reason, ttl_ms, ...)
end

-- Failed tasks with one cause stand in one group. Its ZSET has the ids by when they failed, with a
-- minus once they are retried; its HASH what is said of it. Groups beyond a number make room, those
-- first that were seen longest ago; a task is then in none, though it keeps its `cause`.
local GROUPS_CAP, TYPES_CAP, TREND_HOURS = 500, 20, 24
local function forget_group(cause)
  redis.call('ZREM', FAILURES, cause)
  redis.call('DEL', failure_key(cause), failed_key(cause))
end

-- Drops what a group knows of hours long ago, and a new type when there are enough.
local function tidy_group(group, hour, new_type)
  local types = 0
  for _, field in ipairs(redis.call('HKEYS', group)) do
    local number = field:match('^hour%.(%d+)$')
    if number and tonumber(number) <= hour - TREND_HOURS then redis.call('HDEL', group, field) end
    if field:sub(1, 5) == 'task.' then types = types + 1 end
  end
  if types > TYPES_CAP then redis.call('HDEL', group, new_type) end
end

-- `cause`: {fingerprint, error type, frame, message}.
local function join_group(id, cause)
  local fingerprint, error_type, frame, message = unpack(cause)
  local group, hour = failure_key(fingerprint), math.floor(NOW / 3600000)
  local type = 'task.' .. redis.call('HGET', task_key(id), 'type')
  redis.call('HSET', task_key(id), 'cause', fingerprint)
  redis.call('HSET', CAUSES, id, fingerprint)
  redis.call('ZADD', failed_key(fingerprint), NOW, id)
  if redis.call('ZADD', FAILURES, NOW, fingerprint) == 1 then
    redis.call('HSET', group, 'type', error_type, 'frame', frame, 'message', message,
      'first_seen', NOW)
    local over = redis.call('ZCARD', FAILURES) - GROUPS_CAP
    for _, old in ipairs(over > 0 and redis.call('ZRANGE', FAILURES, 0, over - 1) or {}) do
      forget_group(old)
    end
  end
  redis.call('HSET', group, 'last_seen', NOW, 'sample', id)
  local new_hour = redis.call('HINCRBY', group, 'hour.' .. hour, 1) == 1
  local new_type = redis.call('HINCRBY', group, type, 1) == 1
  if new_hour or new_type then tidy_group(group, hour, type) end
end

-- A failed task is forgotten, or erased: its group goes with its last task.
local function leave_group(id)
  local cause = redis.call('HGET', CAUSES, id)
  if not cause then return end
  redis.call('HDEL', CAUSES, id)
  redis.call('ZREM', failed_key(cause), id)
  if redis.call('ZCARD', failed_key(cause)) == 0 then forget_group(cause) end
end

-- A failed task is retried: it stays in its group, and cannot be retried there again.
local function mark_retried(id)
  local cause = redis.call('HGET', CAUSES, id)
  local failed_at = cause and redis.call('ZSCORE', failed_key(cause), id)
  if failed_at and tonumber(failed_at) > 0 then
    redis.call('ZADD', failed_key(cause), -failed_at, id)
  end
end

-- Ends a task as failed and keeps it until somebody has looked: only pushed out by later ones.
local function set_aside(id, reason, ttl_ms)
  redis.call('ZADD', DEAD, NOW, id)
  finish(id, 'FAILURE', reason, ttl_ms)
  redis.call('PERSIST', task_key(id))
  redis.call('PERSIST', log_key(id))
  redis.call('ZREMRANGEBYRANK', DEAD, 0, -DEAD_CAP - 1)
end

-- An attempt ended without an outcome: back to its old place, the attempt not counted.
local function put_back(id)
  redis.call('HINCRBY', task_key(id), 'attempt', -1)
  redis.call('HSET', task_key(id), 'token', '')
  wait_in_queue(id, redis.call('HGET', task_key(id), 'place'))
end

local SAID_OF = {
  crashes = { attempt = 'CRASHED', error = 'WorkerDied', what = 'its worker died' },
  losses = { attempt = 'LOST', error = 'ConsumerLost', what = 'its consumer was lost' },
}

-- Its worker died ('crashes'), or its whole consumer was lost ('losses'), which a task is far less
-- likely to be the cause of. One to which this happens again and again is set aside as failed.
local function crash(id, kind, limit, ttl_ms)
  local times = redis.call('HINCRBY', task_key(id), kind, 1)
  local said = SAID_OF[kind]
  count(kind)
  keep_attempt(id, said.attempt, said.what .. ' while it ran')
  if times < tonumber(limit) then
    put_back(id)
    return 'PENDING'
  end
  local type = redis.call('HGET', task_key(id), 'type')
  local fingerprint = redis.sha1hex(said.error .. ' ' .. type):sub(1, 16)
  join_group(id, { fingerprint, said.error, '', said.what .. ' while it ran' })
  set_aside(id, said.what .. ' ' .. times .. ' times while it ran', ttl_ms)
  return 'FAILURE'
end

-- How many operations of operators are remembered, and for how long.
local AUDIT_CAP, AUDIT_MS = 10000, 90 * 86400000

-- The id of an operation begins with the time of its begin.
local function begun_at(id) return math.floor(tonumber(id:sub(1, 14), 16) / 1000) end

local function undo_until(told) return begun_at(told.id) + told.undo_ms end

local function forget_oldest_operation()
  local oldest = redis.call('ZRANGE', AUDIT, 0, 0)[1]
  if redis.call('ZCARD', AUDIT) > AUDIT_CAP or begun_at(oldest) < NOW - AUDIT_MS then
    redis.call('ZREM', AUDIT, oldest)
    redis.call('DEL', operation_key(oldest))
  end
end

-- Remembers what an operator does (JSON, see operation.py; '' when nobody is to blame) and to how
-- many tasks; the pieces of one operation are one entry.
local function write_down(operation, number)
  if operation == '' then return end
  local told = cjson.decode(operation)
  local key = operation_key(told.id)
  if redis.call('ZADD', AUDIT, 0, told.id) == 1 then
    redis.call('HSET', key, 'action', told.action, 'who', told.who, 'why', told.why,
      'target', told.target, 'undo_ms', told.undo_ms)
    forget_oldest_operation()
    forget_oldest_operation()
  end
  redis.call('HINCRBY', key, 'count', number)
  redis.call('PEXPIRE', key, AUDIT_MS)
end

local function mark_undone(id)
  local key = operation_key(id)
  if redis.call('EXISTS', key) == 1 then redis.call('HSET', key, 'undone_at', NOW) end
end
