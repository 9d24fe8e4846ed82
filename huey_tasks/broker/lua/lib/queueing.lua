-- How a task comes to wait: in its queue, or for a time.
-- with: bell clock events
-- at the end: ring_bell
local rings = {}

-- Wakes one waiting worker at the end of the script, one of those that run only `what` if it is
-- given; a worker that claims rings again while tasks are left. `root`: the start of the keys of
-- another queue, nil for this one.
local function ring(root, what)
  rings[(root or ROOT) .. ':bell' .. (what and ':' .. what or '')] = true
end

local function ring_bell()
  for bell in pairs(rings) do ring_now(bell) end
end

-- A place at the end of the queue; a higher priority stands before every lower one. Beyond its
-- limits a priority counts no more: what is blocked stands behind all places.
local function ahead(priority)
  return math.max(-1e5, math.min(1e5, tonumber(priority or 0))) * 1e10
end

-- The first place of a priority, and the first one behind all of it.
local function places_of(priority) return -ahead(priority), 1e10 - ahead(priority) end

local function new_place(priority, root)
  local number = redis.call('HINCRBY', (root or ROOT) .. ':counters', 'place', '1')
  if priority == '0' then return string.format('%d', number) end -- the same, and most are
  return string.format('%.0f', number - ahead(priority))
end

-- The place of another priority that is as old.
local function place_among(priority, place, old_priority)
  return place + ahead(old_priority) - ahead(priority)
end

-- Waits in its queue; further arguments are more fields to set, here and below.
local function wait_in_queue(id, place, root, ...)
  redis.call('ZADD', index_key('PENDING', root), place, id)
  redis.call('HSET', task_key(id, root), 'state', 'PENDING', 'place', place, 'queued_at', AT, ...)
  add_event('state', id, nil, root)
  ring(root)
end

-- Waits in SCHEDULED or RETRY; consumers hear of it when it is the next to become due.
local function wait_until_due(id, state, due, root, ...)
  local index = index_key(state, root)
  redis.call('ZADD', index, due, id)
  redis.call('HSET', task_key(id, root), 'state', state, 'due_at', due, ...)
  add_event('state', id, nil, root)
  if redis.call('ZRANK', index, id) == 0 then
    redis.call('PUBLISH', (root or ROOT) .. ':control', 'due')
  end
end
