-- A submit that has happened before: with the same idempotency key, or of a unique task that has
-- not ended. `once`, of a new task, is JSON as once.py has it: {key, body, unique, unique_ms}; of one
-- that goes to the queue of its type `anywhere`, and of one of several tasks that were sent with one
-- key {request, request_body} for them all.
-- with: tasks
local IDEMPOTENCY_MS = 86400000
local function idempotency_key(digest) return PREFIX .. ':idempotency:' .. digest end
local function unique_key(digest) return PREFIX .. ':unique:' .. digest end

-- Whether a submit came with this before; a type may have another queue by then, after a deploy.
local function is_same(once, body, anywhere)
  return body == once.body or anywhere and anywhere == once.anywhere
end

-- The answer to the first submit with this key, in the order of Found in protocol.py, or nil.
local function replayed(once)
  if not once.key then return nil end
  if once.request then
    local sent = redis.call('HGET', idempotency_key(once.request), 'body')
    if sent and sent ~= once.request_body then return { '', '', '', 'reused' } end
  end
  local body, anywhere, id, queue, state, duplicate = unpack(redis.call('HMGET',
    idempotency_key(once.key), 'body', 'anywhere', 'id', 'queue', 'state', 'duplicate'))
  if not body then return nil end
  if not is_same(once, body, anywhere) then return { '', '', '', 'reused' } end
  return { id, queue, state, duplicate and 'replayed_duplicate' or 'replayed' }
end

-- The task that a unique one would repeat, or nil: one that has ended, or is gone, is none.
local function duplicated(once)
  local at = once.unique and redis.call('GET', unique_key(once.unique))
  if not at then return nil end
  local queue, id = at:match('^(%S+) (%S+)$')
  local state = redis.call('HGET', task_key(id, root_of(queue)), 'state')
  if not state or TERMINAL[state] then return nil end
  return { id, queue, state, 'duplicate' }
end

local function remember_answer(once, id, queue, state, is_duplicate)
  if not once.key then return end
  local key = idempotency_key(once.key)
  redis.call('HSET', key, 'body', once.body, 'id', id, 'queue', queue, 'state', state)
  if once.anywhere then redis.call('HSET', key, 'anywhere', once.anywhere) end
  if is_duplicate then redis.call('HSET', key, 'duplicate', 1) end
  redis.call('PEXPIRE', key, IDEMPOTENCY_MS)
  if once.request then
    redis.call('HSET', idempotency_key(once.request), 'body', once.request_body)
    redis.call('PEXPIRE', idempotency_key(once.request), IDEMPOTENCY_MS)
  end
end

local function remember_unique(once, id, queue)
  if not once.unique then return end
  redis.call('SET', unique_key(once.unique), queue .. ' ' .. id, 'PX', once.unique_ms)
end
