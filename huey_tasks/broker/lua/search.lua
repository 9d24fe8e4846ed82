-- search: looks through an index from a place on, the newest first; writes nothing
-- args: index score id oldest look want conditions
-- with: clock
-- `index`: 'submitted', 'dead', or 'state:' and a state. It begins behind the place (`score`, `id`), ends at the
-- score `oldest`, and looks at no more than `look` tasks. `conditions`: JSON, see query.py.
-- returns: {1 when nothing is left, how many it looked at, score and id of the last of them,
--           {id, score, submitted_at} of each that fits, at most `want`}
local key = ROOT .. ':' .. index

-- Returns how many are before that place: those with a higher score, and of those with the same the
-- ones with a higher id.
local function place()
  local low = redis.call('ZCOUNT', key, '(' .. score, '+inf')
  local high = redis.call('ZCOUNT', key, score, '+inf')
  while low < high do
    local middle = math.floor((low + high) / 2)
    if redis.call('ZREVRANGE', key, middle, middle)[1] >= id then
      low = middle + 1
    else
      high = middle
    end
  end
  return low
end

-- The fields that most searches ask for, and that exclude most tasks, are read first; the others only
-- of the tasks that still fit.
local first = { names = { 'type' }, positions = { type = 1 }, checks = {} }
local second = { names = { 'submitted_at' }, positions = { submitted_at = 1 }, checks = {} }
local SUBMITTED_AT = 1
local EVERY_TASK_HAS = 1 -- the first field of both
local function field(name, where)
  where = where or second
  if not where.positions[name] then
    where.names[#where.names + 1] = name
    where.positions[name] = #where.names
  end
  return where.positions[name]
end

-- Redis does nothing else while it reads: after this time, or this number of bytes of payloads and errors,
-- the next call goes on.
local MOST_US, MOST_BYTES, bytes = 1000, 500000, 0
local function is_over(looked)
  if bytes > MOST_BYTES then return true end
  if looked % 25 > 0 then return false end
  local s, us = unpack(redis.call('TIME'))
  return (s - clock_s) * 1000000 + us - clock_us > MOST_US
end

local function counted(text)
  bytes = bytes + #(text or '')
  return text
end

local function contains(text, part) return text and text:find(part, 1, true) ~= nil end

-- Whether `check` holds of one of the values; with `no`, of none.
local function any(condition, check, where)
  local checks = (where or second).checks
  checks[#checks + 1] = function(task, task_id)
    for _, value in ipairs(condition.values) do
      if check(task, value, task_id) then return not condition.no end
    end
    return condition.no
  end
end

local checks = second.checks
local function between(condition, measure)
  checks[#checks + 1] = function(task)
    local ms = measure(task) -- none of a task that has not got so far
    local fits = ms and (not condition.low or ms > condition.low)
      and (not condition.high or ms < condition.high)
    return not fits == condition.no
  end
end

-- The error of a task that has failed; of one that tries again, that of its last attempt.
local function error_of()
  local state, reason, attempts = field('state'), field('reason'), field('attempts')
  return function(task)
    if task[state] == 'SUCCESS' then return '' end
    local text, lines = counted(task[reason]), counted(task[attempts]) or ''
    if not text or text == '' then
      text = lines:match('^.*\n(.*)') or lines -- '[^\n]*$' would read each line from each of its bytes on
    end
    return text:lower()
  end
end

local function times()
  local queued, started, finished = field('queued_at'), field('started_at'), field('finished_at')
  local state = field('state')
  return function(task)
    local now = task[finished] or NOW
    if task[started] and tonumber(task[started]) >= tonumber(task[queued] or 0) then
      local runs = task[finished] or task[state] == 'STARTED'
      return task[queued] and task[started] - task[queued], runs and now - task[started]
    end
    local waits = task[finished] or task[state] == 'PENDING'
    return waits and task[queued] and now - task[queued], nil
  end
end

local kinds = {
  state = function(c)
    local state = field('state', first)
    any(c, function(task, value) return task[state] == value end, first)
  end,
  type = function(c)
    local type = field('type', first)
    any(c, function(task, value) return task[type] == value end, first)
  end,
  id = function(c)
    any(c, function(_, value, task_id) return task_id:sub(1, #value) == value end, first)
  end,
  tag = function(c)
    local tags = field('tags')
    any(c, function(task, value) return contains(task[tags], ',' .. value .. ',') end)
  end,
  worker = function(c)
    local token, stopping, outcome = field('token'), field('stopping'), field('outcome')
    any(c, function(task, value)
      local text = task[token] ~= '' and task[token] or task[stopping] or task[outcome] or ''
      local worker = text:match('^(.*)/[^/]*/[^/]*$') or text:match('^[^/]*')
      local behind = worker:sub(#value + 1, #value + 1)
      return worker:sub(1, #value) == value and (behind == '' or contains('@-/', behind))
    end)
  end,
  cause = function(c)
    local cause = field('cause')
    any(c, function(task, value) return task[cause] == value end)
  end,
  flow = function(c)
    local flow = field('flow')
    any(c, function(task, value) return task[flow] and task[flow]:match('^%S+') == value end)
  end,
  payload = function(c)
    local message = field('message')
    checks[#checks + 1] = function(task) return counted(task[message]) end
    for _, value in ipairs(c.values) do
      checks[#checks + 1] = function(task) return contains(task[message], value) end
    end
  end,
  error = function(c)
    local text, error = c.text:lower(), error_of()
    checks[#checks + 1] = function(task) return contains(error(task), text) ~= c.no end
  end,
  any = function(c)
    local type, text, error = field('type'), c.text:lower(), error_of()
    checks[#checks + 1] = function(task)
      return (contains(task[type]:lower(), text) or contains(error(task), text)) ~= c.no
    end
  end,
  age = function(c) between(c, function(task) return NOW - task[SUBMITTED_AT] end) end,
  wait = function(c)
    local measure = times()
    between(c, function(task) return (measure(task)) end)
  end,
  dur = function(c)
    local measure = times()
    between(c, function(task)
      local _, ran = measure(task)
      return ran
    end)
  end,
}
for _, condition in ipairs(cjson.decode(conditions)) do
  for name, value in pairs(condition) do
    if value == cjson.null then condition[name] = nil end
  end
  kinds[condition.kind](condition)
end

-- The fields of a task that fits, nil of another.
local function fields_if(where, task_id)
  local task = redis.call('HMGET', task_key(task_id), unpack(where.names))
  if not task[EVERY_TASK_HAS] then return nil end
  for _, check in ipairs(where.checks) do
    if not check(task, task_id) then return nil end
  end
  return task
end

local last_score, most = tonumber(oldest), tonumber(want)
local start, found, looked, left = place(), {}, 0, true
local rows = redis.call('ZREVRANGE', key, start, start + look - 1, 'WITHSCORES')
for at = 1, #rows, 2 do
  if tonumber(rows[at + 1]) < last_score then
    left = false
    break
  end
  id, score, looked = rows[at], rows[at + 1], looked + 1
  local task = (#first.checks == 0 or fields_if(first, id)) and fields_if(second, id)
  if task then
    found[#found + 1] = { id, score, task[SUBMITTED_AT] }
    if #found == most then break end
  end
  if is_over(looked) then break end
end
if #rows < look * 2 and looked * 2 == #rows then left = false end
return { left and 0 or 1, looked, score, id, found }
