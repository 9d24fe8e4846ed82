-- Claims: PENDING -> STARTED, under a token and a lease. `worker` is the table that step.lua makes.
-- with: blocked clock concurrency counting erased events finish tasks type_limits
-- record Waiting: type message max_attempts queued_at deliveries retry_delay_s expires_at invocation

-- A worker claims several tasks as long as all of them together are worth no more than this, so that
-- none waits long behind another while some worker is idle. `BUDGET_S` in pace.py is the same.
local BUDGET_MS = 5

local claims, claimed, leases = {}, {}, {}

-- The next number, as text. Lua would turn a number into text for each command that takes it, which
-- costs half of what a short command does.
local function one_more(number)
  return number and string.format('%d', number + 1) or '1'
end

local function claim(worker, id, task, from)
  if from then unblock(id, from) end
  local token = worker.token_root .. (#claimed + 1)
  local again = task[Waiting.deliveries]
  local attempt = one_more(again and redis.call('HGET', task_key(id), 'attempt'))
  local deliveries = one_more(again)
  redis.call('HSET', task_key(id), 'state', 'STARTED', 'token', token, 'attempt', attempt,
    'deliveries', deliveries, 'started_at', AT)
  -- Drops what an earlier attempt left.
  if again then redis.call('HDEL', task_key(id), 'progress', 'reason') end
  add_event('state', id)
  note(task[Waiting.type], 'wait.' .. bucket(NOW - task[Waiting.queued_at]))
  claimed[#claimed + 1] = id
  leases[#leases + 1], leases[#leases + 2] = worker.lease_end, id
  claims[#claims + 1] = {
    [Claim.id] = id, [Claim.token] = token, [Claim.message] = task[Waiting.message],
    [Claim.attempt] = attempt, [Claim.retries_left] = task[Waiting.max_attempts] - attempt,
    [Claim.retry_delay_s] = task[Waiting.retry_delay_s] or '0', [Claim.deliveries] = deliveries,
    [Claim.invocation] = task[Waiting.invocation] or '', [Claim.type] = task[Waiting.type],
  }
  note_start(id, task[Waiting.type], task[Waiting.message])
  if runs_of[task[Waiting.type]] then runs_of[task[Waiting.type]] = runs_of[task[Waiting.type]] + 1 end
end

local function is_blocked(id, on)
  local state, blocked_on = unpack(redis.call('HMGET', task_key(id), 'state', 'blocked_on'))
  return state == 'PENDING' and blocked_on == on
end

local function is_too_late(task)
  local expires_at = task[Waiting.expires_at]
  return expires_at and (task[Waiting.deliveries] or '0') == '0' and tonumber(expires_at) < NOW
end

local function claim_next(worker)
  local worth_ms = 0
  local ids, from = ids_to_claim(worker)
  for _, id in ipairs(ids) do
    local task = redis.call('HMGET', task_key(id), Waiting.NAMES)
    local type = task[Waiting.type]
    local left_over = from[id] and not is_blocked(id, from[id])
    if left_over then unblock(id, from[id]) end
    if not task[Waiting.message] then
      -- rarely: somebody has erased it
      drop_erased(id, 'PENDING')
    elseif left_over then
      -- A worker of an older version has claimed it; it is in the right index.
    elseif is_too_late(task) then
      -- rarely: it was not started in time
      leave(id, 'PENDING')
      finish(id, 'EXPIRED', 'it was not started in time')
    elseif worker.only ~= '' and is_crowded(type) then
      -- rarely: a function that runs as often as it may
      unblock(id, from[id])
      wait_for_room(id, type)
    elseif worker.only == '' and not is_known(worker, type) then
      -- rarely: this consumer does not know its type
      leave_to_others(id, type)
    elseif worker.only == ALONE and not is_known(worker, type) then
      -- It goes on waiting, for one that knows it.
    elseif worker.only == ALONE or not waits_for_turn(id, type, task[Waiting.message], from[id]) then
      worth_ms = worth_ms + (worker.only == '' and worker.short_types[type] or BUDGET_MS)
      if worth_ms > BUDGET_MS and #claims > 0 then return end
      claim(worker, id, task, from[id])
    end
  end
end

-- Claims up to `worker.want` tasks; returns the claims and their ids.
local function claim_all(worker)
  if worker.want > 0 then find_ours(worker) end
  -- Bounds how many tasks it looks at and cannot claim: expired ones, and those of unknown types.
  local tries = worker.want > 0 and math.ceil(100 / worker.want) or 0
  for _ = 1, tries do
    claim_next(worker)
    if #claims > 0 then break end
  end
  if #claims > 0 then
    redis.call('ZREM', index_key('PENDING'), unpack(claimed))
    redis.call('ZADD', index_key('STARTED'), unpack(leases))
  end
  wake_others(worker)
  return claims, claimed
end

-- The claims of a step that is sent again, those that still hold; `ids` in the order of their tokens.
local function claims_again(ids, token_root)
  for place, id in ipairs(ids) do
    if holds(id, token_root .. place) then
      local again = redis.call('HMGET', task_key(id), Claim.NAMES)
      again[Claim.id], again[Claim.invocation] = id, again[Claim.invocation] or ''
      again[Claim.retries_left] = redis.call('HGET', task_key(id), 'max_attempts') - again[Claim.attempt]
      again[Claim.retry_delay_s] = again[Claim.retry_delay_s] or '0'
      claims[#claims + 1] = again
    end
  end
  return claims
end
