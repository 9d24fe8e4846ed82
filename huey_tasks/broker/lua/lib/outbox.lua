-- What webhooks hear of: an entry of the outbox for each ended task that one of them wants. It is
-- written in the step that ends the task, so no crash loses it.
-- with: clock
-- at the end: announce_ends
local OUTBOX, WANTED = ROOT .. ':outbox', PREFIX .. ':webhook-ends'

-- Without webhooks a script asks once, whatever number of tasks it ends.
local has_webhooks, known_wants = nil, {}
local function some_want(what)
  if known_wants[what] == nil then
    known_wants[what] = redis.call('SISMEMBER', WANTED, what) == 1
  end
  return known_wants[what]
end

local function webhooks_want(state, type, only_by_name)
  if has_webhooks == nil then has_webhooks = redis.call('EXISTS', WANTED) == 1 end
  if not has_webhooks then return false end
  -- rarely: there are webhooks
  return not only_by_name and some_want(state .. '|') or some_want(state .. '|' .. type)
end

local has_posted = false
local function post(id, state, type, tags, url)
  redis.call('ZADD', OUTBOX, NOW, cjson.encode({ id, state, type, AT, tags, url }))
  has_posted = true
end

local function post_end(id, state, type, url)
  if type == Delivery.TYPE or not (url or webhooks_want(state, type)) then return end
  -- rarely: somebody wants it
  local tags = redis.call('HGET', task_key(id), 'tags')
  post(id, state, type, tags or '', url or '')
end

-- The end of a flow; a webhook hears of those only if it names their type.
local function post_flow_end(flow, state, url)
  if not (url or webhooks_want(state, Flow.TYPE, true)) then return end
  post(flow, state, Flow.TYPE, '', url or '')
end

local function announce_ends()
  if has_posted then redis.call('PUBLISH', CONTROL, 'outbox') end
end
