-- alerts: the conditions that hold now -> posts of those that begin and end, for each webhook
-- args: holding after_ms task_queue
-- with: clock
-- `holding`: JSON, what is posted (a text) by "<code> <subject>". An alert opens when its condition
-- has held for `after_ms`, and ends when it has been gone for `QUIET` times that: one that comes and
-- goes stays open. `task_queue`: of the tasks that send the new posts.
-- returns: the posts that no deliveries are stored of, as JSON, the oldest first
local WANTS, ALERTS, POSTS = PREFIX .. ':alert-wants', PREFIX .. ':alerts', PREFIX .. ':alert-posts'
local QUIET, MOST = 4, 100
after_ms = tonumber(after_ms)

local is_wanted, webhooks = {}, {}
for _, want in ipairs(redis.call('SMEMBERS', WANTS)) do
  local webhook, code = want:match('^(%S+) (%S+)$')
  is_wanted[want], webhooks[code] = true, webhooks[code] or {}
  table.insert(webhooks[code], webhook)
end

local holds = {}
for key, text in pairs(cjson.decode(holding)) do
  for _, webhook in ipairs(webhooks[key:match('^%S+')] or {}) do holds[webhook .. ' ' .. key] = text end
end

local function post(name, event, alert, at)
  redis.call('ZADD', POSTS, NOW, cjson.encode({ name, event, alert.began, at, task_queue, alert.text }))
end

local function keep(name, alert) redis.call('HSET', ALERTS, name, cjson.encode(alert)) end

local function end_alert(name, alert)
  if alert.is_open and is_wanted[name:match('^%S+ %S+')] then post(name, 'ended', alert, alert.gone) end
  redis.call('HDEL', ALERTS, name)
end

-- A post is added before its alert is changed: the same post again has the same id.
local function look_again(name, alert)
  local was_gone = alert.gone
  if not is_wanted[name:match('^%S+ %S+')] then return end_alert(name, alert) end
  if holds[name] then
    alert.gone = nil
    if not alert.is_open and NOW - alert.began >= after_ms then
      alert.is_open, alert.text = true, holds[name]
      post(name, 'began', alert, NOW)
      keep(name, alert)
    elseif was_gone then
      keep(name, alert)
    end
  elseif not alert.is_open or (was_gone and NOW - was_gone >= QUIET * after_ms) then
    end_alert(name, alert)
  elseif not was_gone then
    alert.gone = NOW
    keep(name, alert)
  end
end

local known = redis.call('HGETALL', ALERTS)
for at = 1, #known, 2 do
  look_again(known[at], cjson.decode(known[at + 1]))
  holds[known[at]] = nil
end
for name, text in pairs(holds) do keep(name, { began = NOW, text = text }) end
return redis.call('ZRANGE', POSTS, 0, MOST - 1)
