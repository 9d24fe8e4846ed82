-- The reserved concurrency of a function: how many of it may run at a time, over all consumers and
-- queues. The field `:queues` has the names of the queues.
-- with: blocked queueing running
local CONCURRENCY = ROOT .. ':concurrency'
local runs_of = {}

local function queues_of_functions()
  local queues = {}
  for queue in (redis.call('HGET', CONCURRENCY, ':queues') or ''):gmatch('[^,]+') do
    queues[#queues + 1] = queue
  end
  return queues
end

-- Whether as many run as may. With a limit of 0 none waits: its host ends it at once.
local function is_crowded(type)
  local most = tonumber(redis.call('HGET', CONCURRENCY, type) or 0)
  if most == 0 then return false end
  runs_of[type] = runs_of[type] or #running_of(type, queues_of_functions())
  return runs_of[type] >= most
end

local function wait_for_room(id, type)
  block(id, redis.call('HGET', task_key(id), 'place'), 'concurrency:' .. type)
  redis.call('SADD', CROWDED, 'concurrency:' .. type)
end

-- A function has ended here, so one that waits in another queue may have room.
local function call_other_queues()
  for _, queue in ipairs(queues_of_functions()) do
    local root = root_of(queue)
    if root ~= ROOT and redis.call('EXISTS', root .. ':crowded') == 1 then ring(root, FUNCTIONS) end
  end
end
