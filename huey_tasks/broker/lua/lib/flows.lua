-- Flows: graphs of tasks. The end of a node starts or skips those behind it; what does not fit into
-- one script stays on the list of work of its flow, and consumers go on with it.
-- with: clock events outbox submit
local FLOWS, MOVING = PREFIX .. ':flows', PREFIX .. ':flows-moving'
local function flow_key(flow) return PREFIX .. ':flow:' .. flow end
local function flow_part(flow, part) return PREFIX .. ':flow-' .. part .. ':' .. flow end
local FLOW_PARTS = { 'nodes', 'ids', 'states', 'before', 'work' }

-- The virtual nodes: before those that have nothing before them; before all, when they are cancelled.
local START, CANCEL = 'start', 'cancel'

local function is_cancelled(flow) return redis.call('HEXISTS', flow_key(flow), 'cancelled_at') == 1 end

local function add_work(flow, number, state)
  redis.call('RPUSH', flow_part(flow, 'work'), cjson.encode({ number, state, 0 }))
end

-- How many nodes one script moves: Redis does nothing else meanwhile.
local MOVES, moved = 50, 0

local NODE_STATES = { SUCCESS = 'succeeded', FAILURE = 'failed', EXPIRED = 'failed',
  REVOKED = 'cancelled' }

-- A flow is in another state: those who watch, and webhooks, hear of it as of a task of a type of its own.
local FLOW_ENDS = { succeeded = TaskState.SUCCESS, failed = TaskState.FAILURE,
  cancelled = TaskState.REVOKED }

local function announce_flow(flow)
  local names = { 'name', 'state', 'size', 'waiting', 'submitted', 'succeeded', 'failed', 'cancelled',
    'skipped', 'queues', 'types', 'webhook_url' }
  local fields = {}
  for at, value in ipairs(redis.call('HMGET', flow_key(flow), unpack(names))) do
    fields[names[at]] = value
  end
  local state, url = FLOW_ENDS[fields.state] or TaskState.STARTED, fields.webhook_url
  fields.webhook_url = nil
  if state ~= TaskState.STARTED then post_flow_end(flow, state, url) end
  if not somebody_watches() then return end
  local as_task = redis.call('HMGET', flow_key(flow), EventTask.NAMES)
  as_task[EventTask.type], as_task[EventTask.state], as_task[EventTask.flow] = Flow.TYPE, state, flow
  write_event('flow', '', flow, as_task, cjson.encode(fields))
end

local function node_state(flow, number)
  return redis.call('HGET', flow_part(flow, 'states'), number) or 'waiting'
end

local function move_node(flow, number, from, to)
  redis.call('HSET', flow_part(flow, 'states'), number, to)
  redis.call('HINCRBY', flow_key(flow), from, -1)
  redis.call('HINCRBY', flow_key(flow), to, 1)
end

local function end_node(flow, number, state)
  local was = node_state(flow, number)
  if was ~= 'waiting' and was ~= 'submitted' then return end
  move_node(flow, number, was, state)
  add_work(flow, number, state)
end

local function skip_node(flow, number)
  end_node(flow, number, is_cancelled(flow) and 'cancelled' or 'skipped')
end

local function start_node(flow, number)
  if is_cancelled(flow) then return skip_node(flow, number) end
  local new = cjson.decode(redis.call('HGET', flow_part(flow, 'nodes'), number)).task
  new[NewTask.id] = redis.call('HGET', flow_part(flow, 'ids'), number)
  submit(new)
  move_node(flow, number, 'waiting', 'submitted')
end

-- Moves a node behind one that has ended as `state`. One that follows starts when all before it have
-- succeeded; a rescue starts when the first has failed, and is skipped when none has.
local function follow(flow, number, state, is_rescue)
  if node_state(flow, number) ~= 'waiting' then return end
  if is_rescue and (state == 'failed' or state == 'cancelled') then
    return start_node(flow, number)
  elseif not is_rescue and state ~= 'succeeded' then
    return skip_node(flow, number)
  end
  if redis.call('HINCRBY', flow_part(flow, 'before'), number, -1) > 0 then return end
  if is_rescue then skip_node(flow, number) else start_node(flow, number) end
end

-- Cancels a node that waits, or whose task somebody has erased.
local function cancel_node(flow, number)
  local state = node_state(flow, number)
  if state == 'submitted' then
    local task = cjson.decode(redis.call('HGET', flow_part(flow, 'nodes'), number)).task
    local id, root = redis.call('HGET', flow_part(flow, 'ids'), number), root_of(task[NewTask.queue])
    if redis.call('EXISTS', task_key(id, root)) == 1 then return end
  end
  end_node(flow, number, 'cancelled')
end

-- Returns how many are behind a node, and what moves the one at a place, counted from 1.
local function moves_behind(flow, number, state)
  if number == CANCEL then
    local size = tonumber(redis.call('HGET', flow_key(flow), 'size'))
    return size, function(place) cancel_node(flow, place - 1) end
  end
  local node = cjson.decode(redis.call('HGET', flow_part(flow, 'nodes'), number))
  local next, rescue = node.next, node.rescue
  return #next + (rescue and 1 or 0), function(place)
    follow(flow, next[place] or rescue, state, place > #next)
  end
end

-- Ends a flow that has no node any more which waits or runs; returns whether it has ended.
local function end_flow(flow)
  local key = flow_key(flow)
  local was, waiting, submitted, failed, cancelled, ttl_ms = unpack(redis.call('HMGET', key,
    'state', 'waiting', 'submitted', 'failed', 'cancelled', 'ttl_ms'))
  if was ~= 'running' then return true end -- the last end of a task comes behind a cancel
  if waiting ~= '0' or submitted ~= '0' then return false end
  local state = is_cancelled(flow) and 'cancelled' or failed ~= '0' and 'failed'
    or cancelled ~= '0' and 'cancelled' or 'succeeded'
  redis.call('HSET', key, 'state', state, 'finished_at', AT)
  redis.call('PEXPIRE', key, ttl_ms)
  for _, part in ipairs(FLOW_PARTS) do redis.call('PEXPIRE', flow_part(flow, part), ttl_ms) end
  announce_flow(flow)
  return true
end

local function work_on(flow)
  local work = flow_part(flow, 'work')
  while moved < MOVES do
    local item = redis.call('LRANGE', work, 0, 0)[1]
    if not item then break end
    local number, state, done = unpack(cjson.decode(item))
    local size, move = moves_behind(flow, number, state)
    local last = math.min(size, done + MOVES - moved)
    redis.call('LTRIM', work, 1, -1)
    for place = done + 1, last do move(place) end
    if last < size then redis.call('LPUSH', work, cjson.encode({ number, state, last })) end
    moved = moved + last - done + 1
  end
  return redis.call('LLEN', work) > 0
end

-- Works on what the ends of nodes have left to do; returns 1 while there is more of it.
local function advance(flow)
  local has_more = work_on(flow)
  if has_more then redis.call('PUBLISH', CONTROL, 'flows') end
  if has_more or not end_flow(flow) and is_cancelled(flow) then
    redis.call('SADD', MOVING, flow)
  else
    redis.call('SREM', MOVING, flow)
  end
  return has_more and 1 or 0
end

-- The task of a node has ended; `tie`: its flow and its number.
local function end_task_of(tie, state)
  local flow, number = tie:match('^(%S+) (%d+)$')
  if redis.call('EXISTS', flow_key(flow)) == 0 then return end
  if NODE_STATES[state] == 'cancelled' then
    -- Why the flow is cancelled, unless somebody cancels all of it, or it fails.
    local node = cjson.decode(redis.call('HGET', flow_part(flow, 'nodes'), number))
    redis.call('HSETNX', flow_key(flow), 'reason', "node '" .. node.name .. "' was cancelled")
  end
  end_node(flow, tonumber(number), NODE_STATES[state])
  advance(flow)
end
