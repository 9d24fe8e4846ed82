-- Which tasks a worker may claim next: those of the queue, and those of a type that another consumer
-- did not know and this one does; or of those that wait for such a worker, if it has an `only`.
-- `worker` is the table that step.lua makes.
-- with: blocked concurrency known_types queueing

local is_called, known, ours = {}, {}, {}
local passed = 0 -- how many suspects it has looked at and left, as it does not know their types
local held_back = false -- whether it left one in the queue, as nobody can say yet if it knows the type
local more_wait = nil -- whether others wait in the queue behind those that it looked at, if it has

-- Whether this consumer says which types it knows, and Redis has no record of it: that has expired, or
-- the consumer has just begun.
local function is_silent(worker)
  return worker.announces and redis.call('HEXISTS', consumer_key(worker.consumer), 'types') == 0
end

local function is_known(worker, type)
  if worker.worths[type] or type == '' then return true end
  if known[type] == nil then known[type] = not is_silent(worker) and knows(worker.consumer, type) end
  return known[type]
end

-- This consumer does not know the type: one that does claims the task, from the place that it has.
local function leave_to_others(id, type)
  local on = 'type:' .. type
  block(id, redis.call('HGET', task_key(id), 'place'), on)
  redis.call('SADD', UNKNOWN, on)
  if not is_called[on] then call_those_who_know(on) end
  is_called[on] = true
end

-- Finds the types that some consumer has left to others and that this one knows; for the function
-- host those that have room again.
local function find_ours(worker)
  if worker.only == FUNCTIONS then
    -- rarely: the function host
    for _, on in ipairs(redis.call('SMEMBERS', CROWDED)) do
      if not is_crowded(on:match('^concurrency:(.*)$')) then ours[#ours + 1] = on end
    end
  end
  if worker.only ~= '' then return end
  for _, on in ipairs(redis.call('SMEMBERS', UNKNOWN)) do
    if is_known(worker, on:match('^type:(.*)$')) then ours[#ours + 1] = on end
  end
end

-- The next ids, in the order of their places, and what those are blocked on that were left to us.
local function next_ids(want, only)
  local rows, from = {}, {}
  local function collect(on, found)
    for at = 1, #found, 2 do
      rows[#rows + 1] = { id = found[at], place = tonumber(found[at + 1]) }
      from[found[at]] = on
    end
  end
  for _, on in ipairs(ours) do
    collect(on, redis.call('ZRANGE', blocked_key(on), 0, want - 1, 'WITHSCORES'))
  end
  if only ~= '' then
    collect(only, redis.call('ZRANGE', blocked_key(only), passed, passed + want - 1, 'WITHSCORES'))
  else
    collect(nil, redis.call('ZRANGEBYSCORE', index_key('PENDING'), '-inf', LAST_PLACE,
      'WITHSCORES', 'LIMIT', 0, want))
  end
  table.sort(rows, function(one, other) return one.place < other.place end)
  local ids = {}
  for at = 1, math.min(#rows, want) do ids[at] = rows[at].id end
  return ids, from
end

local function ids_to_claim(worker, want)
  if worker.only ~= '' or #ours > 0 then
    -- rarely: what waits for such a worker, or was left to this one
    return next_ids(worker.only ~= '' and 20 or want, worker.only)
  end
  -- One more tells whether others wait behind them.
  local ids = redis.call('ZRANGEBYSCORE', index_key('PENDING'), '-inf', LAST_PLACE, 'LIMIT', 0, want + 1)
  more_wait = ids[want + 1] ~= nil
  ids[want + 1] = nil
  return ids, {}
end

-- Wakes a worker of each consumer that has said what it knows: this one has heard the bell, and leaves
-- the task where it is. The bell could wake another worker of this consumer, which would do the same.
local function call_those_who_have_said_it()
  for _, consumer in ipairs(redis.call('ZRANGE', CONSUMERS, 0, -1)) do
    if redis.call('HEXISTS', consumer_key(consumer), 'types') == 1 then call_worker(consumer) end
  end
end

-- Wakes the next worker: any one, or one of this consumer for what others have left to it.
local function wake_others(worker)
  if worker.only == ALONE then return end
  if held_back then
    -- rarely: its consumer has yet to say what it knows
    call_those_who_have_said_it()
    return
  end
  if worker.only ~= '' then
    if redis.call('EXISTS', blocked_key(worker.only)) == 1 then ring(nil, worker.only) end
    return
  end
  if more_wait == nil then
    more_wait = redis.call('ZCOUNT', index_key('PENDING'), '-inf', LAST_PLACE) > 0
  end
  if more_wait then ring() end
  for _, on in ipairs(ours) do
    if redis.call('EXISTS', blocked_key(on)) == 1 then call_worker(worker.consumer) end
  end
end
