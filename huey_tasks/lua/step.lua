-- step: commits what a worker has finished (STARTED -> the state each commit names) and claims
--       its next tasks (PENDING -> STARTED), in one round trip
-- args: slot sequence lease_ms want ttl_ms short_types alone commits
-- with: blocked failures log
-- `commits`: JSON, [{id, token, state, type, run_ms, delay_ms, retries_left, retry_delay_s, reason,
--   children, gates, cause, gap, blocked_on}, …]; what is 0 or empty may be left out. `short_types`:
--   JSON, {type: ms}. `alone`: '1' for a worker that runs only what has to run alone.
-- returns: {accepted, …} (1, or 0 when the lease was lost); {claim, …}, each claim
--          {id, token, message, attempt, retries_left, retry_delay_s, deliveries}; and whether
--          anything is revoked in Huey's way, which workers look up in the result backend
-- A step that is sent again, because its answer got lost, gets the same answer and changes nothing.
local slot_key = ROOT .. ':slot:' .. slot
local token_root = slot .. '/' .. sequence .. '.'

local revocations = redis.call('EXISTS', ROOT .. ':revocations:tasks', ROOT .. ':revocations:types')
local last = redis.call('HMGET', slot_key, 'sequence', 'accepted', 'claimed')
if last[1] and tonumber(last[1]) >= tonumber(sequence) then
  local claims = {}
  for place, id in ipairs(cjson.decode(last[3])) do
    local claim = redis.call('HMGET', task_key(id),
      'token', 'message', 'attempt', 'retries_left', 'retry_delay_s', 'deliveries')
    if claim[1] == token_root .. place then claims[#claims + 1] = { id, unpack(claim) } end
  end
  return { cjson.decode(last[2]), claims, revocations }
end

-- Workers of an older version tell no cause.
local function fail(done)
  keep_attempt(done.id, 'FAILURE', done.reason or '')
  if done.cause then join_group(done.id, done.cause) end
end

-- It could not get a lock, or a rate limit was used up. Whoever gave the lock back before this commit
-- has woken nobody.
local function wait_for_it(id, on, delay_ms)
  local lock = on:match('^lock:(.*)$')
  if lock and not is_locked(lock, lease_ms) then return put_back(id) end
  uncount(id)
  wait_blocked(id, redis.call('HGET', task_key(id), 'place'), on)
  look_again(on, NOW + (lock and LOOK_MS or delay_ms))
end

-- What has ended by itself has killed nobody.
local function clear_of_suspicion(done)
  local handed_back = done.state == 'UNBEGUN' or (done.state == 'PENDING' and not done.blocked_on)
  if not handed_back then redis.call('HDEL', task_key(done.id), 'suspicion') end
end

local committed = { '' }
local function commit(done, ties)
  local id, delay_ms = done.id, done.delay_ms or 0
  committed[#committed + 1] = id
  if ties[7] then clear_of_suspicion(done) end
  if done.gap then
    keep_line(id, done.type, done.gap)
    ties[1] = '1'
  end
  if done.run_ms then note(done.type, 'run.' .. bucket(done.run_ms)) end
  if TERMINAL[done.state] then
    if done.state == 'FAILURE' then fail(done) end
    finish_tied(id, ties, done.state, done.reason or '', ttl_ms, 'outcome', done.token)
  elseif done.state == 'DEAD' then
    fail(done)
    set_aside(id, done.reason or '', ttl_ms)
  elseif done.state == 'RETRY' then
    keep_attempt(id, 'RETRY', done.reason or '')
    local task = redis.call('HMGET', task_key(id), 'attempt', 'type')
    redis.call('HSET', task_key(id), 'outcome', done.token, 'token', '',
      'retries_left', done.retries_left, 'retry_delay_s', done.retry_delay_s,
      'max_attempts', task[1] + 1 + done.retries_left)
    count('RETRY')
    note(task[2], 'RETRY')
    wait_until_due(id, 'RETRY', NOW + delay_ms)
  elseif done.blocked_on then
    wait_for_it(id, done.blocked_on, delay_ms)
  elseif delay_ms > 0 then
    uncount(id)
    redis.call('HSET', task_key(id), 'reason', done.reason)
    wait_until_due(id, 'RETRY', NOW + delay_ms)
  else
    if done.state == 'UNBEGUN' then redis.call('HINCRBY', task_key(id), 'deliveries', -1) end
    put_back(id)
  end
  for _, child in ipairs(done.children or {}) do submit(unpack(child)) end
  for _, gate in ipairs(done.gates or {}) do open_gate(gate[1], gate[2]) end
end

local function commit_if_held(done)
  local ties = ties_of(done.id)
  if done.token ~= '' and ties[6] == done.token then
    commit(done, ties)
    return 1
  end
  confirm_stop(done.id, done.token)
  if done.state ~= 'STOPPED' then count('fenced') end
  return 0
end

write_even_if_full()

local accepted = {}
for _, done in ipairs(cjson.decode(commits)) do
  accepted[#accepted + 1] = commit_if_held(done)
end
redis.call('ZREM', index_key('STARTED'), unpack(committed))

local claims, claimed, leases = {}, {}, {}
local lease_end = string.format('%.0f', NOW + lease_ms)
local function claim(id, fields)
  if fields[10] then unblock(id, fields[10]) end
  local token = token_root .. (#claimed + 1)
  local attempt, deliveries = (fields[2] or 0) + 1, (fields[5] or 0) + 1
  redis.call('HSET', task_key(id), 'state', 'STARTED', 'token', token, 'attempt', attempt,
    'deliveries', deliveries, 'started_at', AT)
  if fields[8] then redis.call('HDEL', task_key(id), 'progress', 'reason') end
  note(fields[7], 'wait.' .. bucket(NOW - fields[9]))
  claimed[#claimed + 1] = id
  leases[#leases + 1], leases[#leases + 2] = lease_end, id
  claims[#claims + 1] = { id, token, fields[1], attempt, fields[3], fields[4], deliveries }
end

local pace = cjson.decode(short_types)
local consumer = slot:match('^[^/]*')
local known, called = {}, {}
local function is_known(type)
  if pace[type] or type == '' then return true end
  if known[type] == nil then known[type] = knows(consumer, type) end
  return known[type]
end

-- Nobody here knows this type: whoever does claims it, from the place that it has.
local function leave_to_others(id, type)
  local on = 'type:' .. type
  block(id, redis.call('HGET', task_key(id), 'place'), on)
  redis.call('SADD', UNKNOWN, on)
  if not called[on] then call_those_who_know(on) end
  called[on] = true
end

-- Types that some consumer has left to others, and that this one knows.
local ours = {}
local function find_ours()
  for _, on in ipairs(redis.call('SMEMBERS', UNKNOWN)) do
    if is_known(on:match('^type:(.*)$')) then ours[#ours + 1] = on end
  end
end

-- The next ids, in the order of their places, and what those are blocked on that were left to us.
local function next_ids()
  local rows, from = {}, {}
  local function add(on, found)
    for at = 1, #found, 2 do
      rows[#rows + 1] = { id = found[at], place = tonumber(found[at + 1]) }
      from[found[at]] = on
    end
  end
  for _, on in ipairs(ours) do
    add(on, redis.call('ZRANGE', blocked_key(on), 0, want - 1, 'WITHSCORES'))
  end
  add(nil, redis.call('ZRANGEBYSCORE', index_key('PENDING'), '-inf', LAST_PLACE, 'WITHSCORES',
    'LIMIT', 0, want))
  table.sort(rows, function(one, other) return one.place < other.place end)
  local ids = {}
  for at = 1, math.min(#rows, want) do ids[at] = rows[at].id end
  return ids, from
end

local function ids_to_claim()
  if alone == '1' then
    local ids, from = redis.call('ZRANGE', blocked_key(ALONE), 0, 19), {}
    for _, id in ipairs(ids) do from[id] = ALONE end
    return ids, from
  end
  if #ours > 0 then return next_ids() end
  return redis.call('ZRANGEBYSCORE', index_key('PENDING'), '-inf', LAST_PLACE, 'LIMIT', 0, want), {}
end

-- Claims the first, and those behind it as long as all of them together are worth no more than
-- BUDGET_MS of work, so that none waits long behind another while some worker is idle.
local BUDGET_MS = 5
local function claim_next()
  local worth_ms = 0
  local ids, from = ids_to_claim()
  for _, id in ipairs(ids) do
    local fields = redis.call('HMGET', task_key(id), 'message', 'attempt', 'retries_left',
      'retry_delay_s', 'deliveries', 'expires_at', 'type', 'started_at', 'queued_at', 'blocked_on')
    local left_over = from[id] and (fields[10] ~= from[id]
      or redis.call('HGET', task_key(id), 'state') ~= 'PENDING')
    if left_over then unblock(id, from[id]) end
    if not fields[1] then
      drop_erased(id, 'PENDING')
    elseif left_over then
      -- Older code has claimed it; it is where it belongs.
    elseif fields[6] and (fields[5] or '0') == '0' and tonumber(fields[6]) < NOW then
      leave(id, 'PENDING')
      finish(id, 'EXPIRED', 'it was not started in time', ttl_ms)
    elseif is_known(fields[7]) then
      worth_ms = worth_ms + (alone == '1' and BUDGET_MS or pace[fields[7]] or BUDGET_MS)
      if worth_ms > BUDGET_MS and #claims > 0 then return end
      claim(id, fields)
    elseif alone ~= '1' then
      leave_to_others(id, fields[7])
    end
  end
end

-- Wakes the next worker: any one, or one of this consumer for what others have left to it.
local function wake_others()
  if alone == '1' then return end
  if redis.call('ZCOUNT', index_key('PENDING'), '-inf', LAST_PLACE) > 0 then ring() end
  for _, on in ipairs(ours) do
    if redis.call('EXISTS', blocked_key(on)) == 1 then call_worker(consumer) end
  end
end

if redis.call('HGET', COUNTERS, 'mode') ~= 'paused' then
  if tonumber(want) > 0 then find_ours() end
  -- What it looks at and cannot claim, because it is too late or not known, is bounded.
  local tries = tonumber(want) > 0 and math.ceil(100 / want) or 0
  for _ = 1, tries do
    claim_next()
    if #claims > 0 then break end
  end
  if #claims > 0 then
    redis.call('ZREM', index_key('PENDING'), unpack(claimed))
    redis.call('ZADD', index_key('STARTED'), unpack(leases))
  end
  wake_others()
end

if #accepted + #claimed > 0 then
  redis.call('HSET', slot_key, 'sequence', sequence, 'accepted', cjson.encode(accepted),
    'claimed', cjson.encode(claimed))
  redis.call('PEXPIRE', slot_key, 600000)
end
return { accepted, claims, revocations }
