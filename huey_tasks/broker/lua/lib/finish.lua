-- The one way into a terminal state.
-- with: barrier clock counting events flows outbox
-- at the end: write_ended
-- record Ties: state token type ties gate passes_on awaited suspicion webhook_url flow expires_at

-- How many quarantined tasks are kept, whatever their age.
local DEAD_CAP = 10000

-- The tasks that a script ends, by state, as ZADD takes them: all of a state are written at once.
local ended = {}

local function write_ended()
  for state, members in pairs(ended) do redis.call('ZADD', index_key(state), unpack(members)) end
end

-- What a task has when an attempt holds it, or something waits for its end. Without `ties` there is
-- nothing but the first three: what sets one of the others sets it too. Most tasks never have any.
local function ties_of(id)
  local found = redis.call('HMGET', task_key(id), 'state', 'token', 'type', 'ties')
  if found[Ties.ties] then found = redis.call('HMGET', task_key(id), Ties.NAMES) end
  return found
end

-- Ends a task. The caller has removed it from its index, and may name more fields to set; one that
-- has run has no `reason` from before. A task that ends passes its gate, however it ended, unless the
-- next of its pipeline will do so. `prune` removes it when it is too old.
local function finish_tied(id, ties, state, reason, ...)
  local key, gate = task_key(id), ties[Ties.gate]
  redis.call('HSET', key, 'state', state, 'finished_at', AT, ...)
  if reason ~= '' then redis.call('HSET', key, 'reason', reason) end
  local members = ended[state] or {}
  ended[state], members[#members + 1], members[#members + 2] = members, AT, id
  add_event('state', id)
  note(ties[Ties.type], state)
  post_end(id, state, ties[Ties.type], ties[Ties.webhook_url])
  -- A waiter that gets no message polls, so a Redis user without rights to the channel is no error.
  if ties[Ties.awaited] then redis.pcall('PUBLISH', ENDS, id) end
  if gate and not (state == 'SUCCESS' and ties[Ties.passes_on] == '1') then
    -- rarely: a member of a chord
    pass_gate(gate)
  end
  if ties[Ties.expires_at] then redis.call('ZREM', EXPIRING, id) end
  if ties[Ties.flow] then
    -- rarely: a node of a flow
    end_task_of(ties[Ties.flow], state)
  end
end

-- One that ends without an outcome has no token any more; else it keeps that of the attempt.
local function finish(id, state, reason)
  finish_tied(id, ties_of(id), state, reason, 'token', '')
end

-- Quarantines a task: it ends as failed and stays until an operator retries it, or DEAD_CAP later
-- ones have replaced it.
local function set_aside(id, reason)
  redis.call('ZADD', DEAD, NOW, id)
  finish(id, 'FAILURE', reason)
  redis.call('ZREMRANGEBYRANK', DEAD, 0, -DEAD_CAP - 1)
end
