-- A step of plain tasks: those that it commits have succeeded with a small result, and nothing follows
-- them or waits for them; those that it claims wait in the queue, for the first time and for nothing
-- else. Most are of these. It does what `step` does, without the functions that the rest of it needs,
-- which Redis makes at each call. It reads all before it writes: what is not plain, the rest does.
-- with: bell blocked claim clock commit counting events history outbox type_limits
if only ~= '' or want == '0' then return nil end
for before = MORE - 1, #ARGV - 1, Sent.COUNT do
  local blob = ARGV[before + Sent.blob]
  if ARGV[before + Sent.state] ~= TaskState.SUCCESS or ARGV[before + Sent.more] ~= ''
    or ARGV[before + Sent.run_us] == '' or #blob > SMALL_BYTES then
    return nil
  end
end
-- What most services have nothing of: one question about all of it takes no longer than any other.
if redis.pcall('EXISTS', ROOT .. ':revocations:tasks', ROOT .. ':revocations:types', UNKNOWN, EVENTS,
  WANTED, LIMITS) ~= 0 then return nil end
if redis.call('HGET', COUNTERS, 'mode') == 'paused' then return nil end
-- Whatever is wrong with the counts must not keep tasks from their end.
if redis.pcall('HGET', NOTED, 'minute') ~= string.format('%d', NOW / 60000) then return nil end
local slot_key, root = ROOT .. ':slot:' .. slot, ROOT .. ':task:'
local last = redis.call('HGET', slot_key, 'sequence')
if last and tonumber(last) >= tonumber(sequence) then return nil end

-- Tasks are mostly like those before them: so it reads one that waits, then those that it commits, and
-- the others at last. It claims others only if the first is short.
local PENDING, STARTED, worths = ROOT .. ':state:PENDING', ROOT .. ':state:STARTED', cjson.decode(worth)
local tasks = {}
local function read_plain(at, id)
  local task = redis.call('HMGET', root .. id, Waiting.NAMES)
  local type = task[Waiting.type]
  if not task[Waiting.message] or task[Waiting.started_at] or task[Waiting.expires_at] then return false end
  if not worths[type] and redis.call('HEXISTS', ROOT .. ':consumer:' .. slot:match('^[^/]*'),
    'knows.' .. type) == 0 then return false end
  worth_ms = worth_ms + (worths[type] or BUDGET_MS)
  if worth_ms <= BUDGET_MS or at == 1 then tasks[at] = task end
  return true
end
local ids = redis.call('ZRANGEBYSCORE', PENDING, '-inf', LAST_PLACE, 'LIMIT', 0, 2)
local first = unpack(ids)
if first and not read_plain(1, first) then return nil end

local committed, types = { '' }, {}
for before = MORE - 1, #ARGV - 1, Sent.COUNT do
  local id = ARGV[before + Sent.id]
  local state, token, type, ties = unpack(redis.call('HMGET', root .. id, 'state', 'token', 'type', 'ties'))
  if state ~= 'STARTED' or token ~= ARGV[before + Sent.token] or ties or types[id] then return nil end
  committed[#committed + 1], types[id] = id, type
end

local more = first and most_more(worths, tonumber(want) - 1) or 0
if more > 0 then
  ids = redis.call('ZRANGEBYSCORE', PENDING, '-inf', LAST_PLACE, 'LIMIT', 0, more + 2)
  for at = 2, more + 1 do
    if not ids[at] then break end
    if not read_plain(at, ids[at]) then return nil end
    if not tasks[at] then break end
  end
end
if #committed == 1 and #tasks == 0 then return { '', {}, 0 } end

-- It comes first, whatever it removes: a full Redis lets a script write whose first write needs no memory.
redis.call('ZREM', STARTED, unpack(committed))
local sums, waits, successes = {}, {}, {}
local function add_one_to(type, what)
  local of_type = sums[type] or {}
  sums[type], of_type[what] = of_type, (of_type[what] or 0) + 1
end
for before = MORE - 1, #ARGV - 1, Sent.COUNT do
  local id, blob = ARGV[before + Sent.id], ARGV[before + Sent.blob]
  if blob == '' then -- it is stored on another server
    redis.call('HSET', root .. id, 'state', TaskState.SUCCESS, 'finished_at', AT)
  else
    redis.call('HSET', root .. id, 'state', TaskState.SUCCESS, 'finished_at', AT, 'blob', blob)
  end
  successes[#successes + 1], successes[#successes + 2] = AT, id
  add_one_to(types[id], TaskState.SUCCESS)
  add_one_to(ARGV[before + Sent.type], 'run.' .. bucket_of(ARGV[before + Sent.run_us] / 1000))
end
local token_root, lease_end = slot .. '/' .. sequence .. '.', string.format('%.0f', NOW + lease_ms)
for at, task in ipairs(tasks) do
  local id, token, queued_at = ids[at], token_root .. string.format('%d', at), task[Waiting.queued_at]
  redis.call('HSET', root .. id, 'state', 'STARTED', 'token', token, 'started_at', AT)
  waits[queued_at] = waits[queued_at] or 'wait.' .. bucket_of(NOW - queued_at)
  add_one_to(task[Waiting.type], waits[queued_at])
  claims[at], claimed[at] = claim_text(id, token, '1', '1', task), id
  leases[#leases + 1], leases[#leases + 2] = lease_end, id
end
if #claimed > 0 then
  redis.call('ZREM', PENDING, unpack(claimed))
  redis.call('ZADD', STARTED, unpack(leases))
end
local accepted = ('1'):rep(#committed - 1)
redis.call('HSET', slot_key, 'sequence', sequence, 'accepted', accepted, 'claimed', cjson.encode(claimed))
redis.call('PEXPIRE', slot_key, 600000)
if ids[#claimed + 1] then ring_now(ROOT .. ':bell') end
if #successes > 0 then redis.call('ZADD', ROOT .. ':state:SUCCESS', unpack(successes)) end
for type, of_type in pairs(sums) do
  for what, number in pairs(of_type) do
    redis.call('HINCRBY', NOTED, type .. '|' .. what, number == 1 and '1' or number)
  end
end
return { accepted, claims, 0 }
