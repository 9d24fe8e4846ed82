-- Commits: how attempts ended, with the names of Sent in protocol.py, and those of its `more`. What
-- is 0 or empty may be missing. `blob` is the outcome, a result or an error, '' for none. One that is
-- large, or belongs on another server, was written before under a key with the token (slot.py).
-- with: barrier counting finish leave_limits log stopping submit tasks

-- What an attempt that ends its task returned or raised goes into the record of the task, with the
-- state, if it has no more bytes; all else gets a key of its own.
local SMALL_BYTES = 4096

-- They come as texts: the names of a JSON for each would take longer to read than all that is in them.
local function read_commits()
  local commits = {}
  for at = MORE, #ARGV, Sent.COUNT do
    local done = { id = ARGV[at], token = ARGV[at + 1], state = ARGV[at + 2], type = ARGV[at + 3],
      run_us = ARGV[at + 4], blob = ARGV[at + 5] }
    if ARGV[at + 6] ~= '' then
      for name, value in pairs(cjson.decode(ARGV[at + 6])) do done[name] = value end
    end
    commits[#commits + 1] = done
  end
  return commits
end

local function keep_outcomes(commits, databases, ttl_ms)
  local apart = {}
  for _, done in ipairs(commits) do
    if done.blob ~= '' and not (TERMINAL[done.state] and #done.blob <= SMALL_BYTES) then
      apart[outcome_key(done.id, done.token)], done.blob = done.blob, ''
    end
  end
  if not next(apart) then return end
  -- rarely: one is kept apart
  local of_tasks, of_outcomes = databases:match('^(%d+) (%d+)$')
  if of_outcomes ~= of_tasks then redis.call('SELECT', of_outcomes) end
  for key, blob in pairs(apart) do redis.call('SET', key, blob, 'PX', ttl_ms) end
  if of_outcomes ~= of_tasks then redis.call('SELECT', of_tasks) end
end

-- Keeps what an attempt of a function has used, a line of JSON each, of the last ones.
local RECEIPTS_BYTES = 16384
local function keep_receipt(id, task_type, receipt)
  local used = cjson.decode(receipt)
  if used.cold then note(task_type, 'cold') end
  local init_ms = tonumber(used.init_ms) -- null if the import failed
  if init_ms then note(task_type, 'init.' .. bucket_of(init_ms)) end
  local started_at, queued_at, kept = unpack(
    redis.call('HMGET', task_key(id), 'started_at', 'queued_at', 'receipts'))
  local line = string.format('{"attempt":%d,"queue_ms":%d,%s', attempt_of(id), started_at - queued_at,
    receipt:sub(2))
  local lines = kept and kept .. '\n' .. line or line
  while #lines > RECEIPTS_BYTES and lines:find('\n') do lines = lines:match('\n(.*)') end
  redis.call('HSET', task_key(id), 'receipts', lines)
end

local function commit(done, ties, lease_ms)
  if ties[Ties.suspicion] then
    -- rarely: it was lost before
    clear_of_suspicion(done)
  end
  if done.gap then
    -- rarely: lines of its log are missing
    keep_line(done.id, done.type, done.gap)
  end
  if done.run_us ~= '' then note_run(done.type, done.run_us) end
  if done.receipt then
    -- rarely: a function
    keep_receipt(done.id, done.type, done.receipt)
  end
  move_on(done, ties, lease_ms)
  if done.children or done.gates then
    -- rarely: others follow it
    for _, child in ipairs(done.children or {}) do submit(child) end
    for _, gate in ipairs(done.gates or {}) do open_gate(gate) end
  end
end

-- Returns a digit for each commit: 1, or 0 when its token is not the one of the task: the lease was lost.
local function commit_all(commits, lease_ms)
  local accepted, committed = {}, { '' }
  for at, done in ipairs(commits) do
    local ties = ties_of(done.id)
    if ties[Ties.state] == 'STARTED' and ties[Ties.token] == done.token then
      commit(done, ties, lease_ms)
      leave_limits(done, ties[Ties.type])
      accepted[at], committed[#committed + 1] = '1', done.id
    else
      -- rarely: the lease was lost
      confirm_stop(done.id, done.token)
      if done.state ~= Ending.STOPPED then count('fenced') end
      accepted[at] = '0'
    end
  end
  redis.call('ZREM', index_key('STARTED'), unpack(committed))
  return table.concat(accepted)
end
