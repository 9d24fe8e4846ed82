-- Claims: PENDING -> STARTED, under a token and a lease. `worker` is the table that step.lua makes.
-- with: blocked clock concurrency counting erased events expiring tasks type_limits
-- record Waiting: type message max_attempts queued_at started_at retry_delay_s expires_at invocation

-- A worker claims several tasks as long as all of them together are worth no more than this, so that
-- none waits long behind another while some worker is idle. `BUDGET_S` in batching.py is the same.
local BUDGET_MS = 5

local claims, claimed, leases = {}, {}, {}
local worth_ms = 0 -- of those claimed

-- Counts a claim of a task that was claimed before.
local function count_claim(id)
  local attempt, deliveries = attempt_of(id) + 1, deliveries_of(id) + 1
  redis.call('HSET', task_key(id), 'attempt', attempt, 'deliveries', deliveries)
  return attempt, deliveries
end

-- The two lines that say how long an id and a type are; a script makes each pair once.
local lengths = {}
local function lengths_of(id, type)
  local of_ids = lengths[#id] or {}
  lengths[#id] = of_ids
  of_ids[type] = of_ids[type] or string.format('\n%d\n%d\n', #id, #type)
  return of_ids[type]
end

-- A claim is one text, since to answer with a list of nine takes four times as long: lines, then the
-- id and the type, whose lengths are among the lines because they may have any letters, then the
-- invocation, in one line, and the message.
local function claim_text(id, token, attempt, deliveries, task)
  local type = task[Waiting.type]
  return token .. '\n' .. attempt .. '\n' .. deliveries .. '\n' .. (task[Waiting.max_attempts] or '1') .. '\n'
    .. (task[Waiting.retry_delay_s] or '') .. lengths_of(id, type) .. id .. type
    .. (task[Waiting.invocation] or '') .. '\n' .. task[Waiting.message]
end

local function claim(worker, id, task, from)
  if from then unblock(id, from) end
  local key, token = task_key(id), worker.token_root .. string.format('%d', #claimed + 1)
  local attempt, deliveries = '1', '1'
  if task[Waiting.started_at] then
    -- rarely: it was claimed before
    attempt, deliveries = count_claim(id)
    redis.call('HDEL', key, 'progress', 'reason') -- what an earlier attempt left
  end
  redis.call('HSET', key, 'state', 'STARTED', 'token', token, 'started_at', AT)
  add_event('state', id)
  note_wait(task[Waiting.type], task[Waiting.queued_at])
  claimed[#claimed + 1] = id
  leases[#leases + 1], leases[#leases + 2] = worker.lease_end, id
  claims[#claims + 1] = claim_text(id, token, attempt, deliveries, task)
  note_start(id, task[Waiting.type], task[Waiting.message])
  if runs_of[task[Waiting.type]] then runs_of[task[Waiting.type]] = runs_of[task[Waiting.type]] + 1 end
end

local function is_blocked(id, on)
  local state, blocked_on = unpack(redis.call('HMGET', task_key(id), 'state', 'blocked_on'))
  return state == 'PENDING' and blocked_on == on
end

-- Looks at the next `want` tasks, and claims those that it may. Returns false if to look again would
-- find nothing, or the same: none waits, or one is held back.
local function claim_next(worker, want)
  local ids, from = ids_to_claim(worker, want)
  local before = #claimed
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
    elseif is_too_late(id, task[Waiting.expires_at], task[Waiting.started_at]) then
      -- rarely: it was not started in time
      expire(id, 'PENDING', type)
    elseif worker.only ~= '' and is_crowded(type) then
      -- rarely: a function that runs as often as it may
      unblock(id, from[id])
      wait_for_room(id, type)
    elseif worker.only == '' and not is_known(worker, type) then
      -- rarely: this consumer does not know its type
      held_back = is_silent(worker)
      if held_back then break end
      leave_to_others(id, type)
    elseif worker.only == ALONE and not is_known(worker, type) then
      passed = passed + 1 -- it goes on waiting, for one that knows it
    elseif worker.only == ALONE or not waits_for_turn(id, type, task[Waiting.message], from[id]) then
      worth_ms = worth_ms + (worker.only == '' and worker.worths[type] or BUDGET_MS)
      if worth_ms > BUDGET_MS and #claims > 0 then
        if not from[id] then more_wait = true end
        break
      end
      claim(worker, id, task, from[id])
    end
  end
  if #claimed > before then
    redis.call('ZREM', index_key('PENDING'), unpack(claimed, before + 1))
  end
  return #ids > 0 and not held_back
end

-- How many more tasks are worth what is left, if all are of its shortest type; `most` at most.
local function most_more(worths, most)
  local left_ms, shortest_ms = BUDGET_MS - worth_ms, BUDGET_MS
  if left_ms <= 0 then return 0 end
  for _, ms in pairs(worths) do shortest_ms = math.min(shortest_ms, ms) end
  return math.min(most, math.floor(left_ms / shortest_ms))
end

-- Claims up to `worker.want` tasks; returns the claims and their ids. It looks at one first: one that
-- is not short is the only one, and to read the ids of all others would take longer than the rest.
local function claim_all(worker)
  if worker.want > 0 then
    find_ours(worker)
    claim_next(worker, 1)
    if #claims > 0 then
      local more = most_more(worker.worths, worker.want - #claims)
      if more > 0 then claim_next(worker, more) end
    else
      -- Bounds how many tasks it looks at and cannot claim: expired ones, those of unknown types.
      for _ = 1, math.ceil(99 / worker.want) do
        if not claim_next(worker, worker.want) or #claims > 0 then break end
      end
    end
  end
  if #claims > 0 then redis.call('ZADD', index_key('STARTED'), unpack(leases)) end
  wake_others(worker)
  return claims, claimed
end

-- The claims of a step that is sent again, those that still hold; `ids` in the order of their tokens.
local function claims_again(ids, token_root)
  for number, id in ipairs(ids) do
    local token = token_root .. number
    if holds(id, token) then
      local task = redis.call('HMGET', task_key(id), Waiting.NAMES)
      claims[#claims + 1] = claim_text(id, token, attempt_of(id), deliveries_of(id), task)
    end
  end
  return claims
end
