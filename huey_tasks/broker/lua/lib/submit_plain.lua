-- A submit of tasks that use no option, while their queue takes any number of tasks, their types take
-- no turns and nobody watches: most are of these. It does what `submit` does, without the functions
-- that the rest of it needs, which Redis makes at each call. One task needs no lists, which take
-- longer to make than its commands; for many, few commands do.
-- with: bell clock history
-- returns: for each task 1, or 0 when the id is known already
local wide = tonumber(width)
local number = (#ARGV - MORE + 1) / wide
if wide >= NewTask.priority or gates ~= '' or number > 1000 then return nil end
local now = clock_s .. ' ' .. room
local open = redis.call('HGET', OPEN, ROOT)
if open ~= now and open ~= now .. ' turns' then return nil end
if open ~= now then
  for before = MORE - 1, #ARGV - 1, wide do
    if redis.call('HEXISTS', FAIR, ARGV[before + NewTask.type]) == 1 then return nil end
  end
end

local PENDING = ROOT .. ':state:PENDING'
local function store(before, place)
  local more = {}
  if wide > NewTask.type then
    local max_attempts, retry_delay_s, by = ARGV[before + NewTask.max_attempts],
      ARGV[before + NewTask.retry_delay_s], ARGV[before + NewTask.submitted_by]
    if max_attempts ~= '1' then more[#more + 1], more[#more + 2] = 'max_attempts', max_attempts end
    if retry_delay_s ~= '0.0' then more[#more + 1], more[#more + 2] = 'retry_delay_s', retry_delay_s end
    if by ~= '' then more[#more + 1], more[#more + 2] = 'submitted_by', by end
  end
  redis.call('HSET', ROOT .. ':task:' .. ARGV[before + NewTask.id], 'state', 'PENDING', 'place', place,
    'queued_at', AT, 'submitted_at', AT, 'type', ARGV[before + NewTask.type],
    'message', ARGV[before + NewTask.message], unpack(more))
end

-- The first write is the one that a full Redis refuses, so nothing is half done.
if number == 1 then
  local before, id = MORE - 1, ARGV[MORE - 1 + NewTask.id]
  if redis.call('ZADD', SUBMITTED, 'NX', AT, id) == 0 then return { 0 } end
  local place = string.format('%d', redis.call('HINCRBY', COUNTERS, 'place', '1'))
  store(before, place)
  redis.call('ZADD', PENDING, place, id)
  redis.call('HINCRBY', NOTED, ARGV[before + NewTask.type] .. '|SUBMITTED', '1')
  ring_now(ROOT .. ':bell')
  return { 1 }
end

local ids, is_known = {}, {}
for before = MORE - 1, #ARGV - 1, wide do ids[#ids + 1] = ARGV[before + NewTask.id] end
local scores = redis.call('ZMSCORE', SUBMITTED, unpack(ids))
local stored, new, submitted = {}, {}, {}
for at, id in ipairs(ids) do
  if scores[at] or is_known[id] then
    stored[at] = 0
  else
    stored[at], is_known[id], new[#new + 1] = 1, true, MORE - 1 + (at - 1) * wide
    submitted[#submitted + 1], submitted[#submitted + 2] = AT, id
  end
end
if #new == 0 then return stored end
redis.call('ZADD', SUBMITTED, unpack(submitted))
local last, pending, of_type = redis.call('HINCRBY', COUNTERS, 'place', #new), {}, {}
for at, before in ipairs(new) do
  local type, place = ARGV[before + NewTask.type], string.format('%d', last - #new + at)
  pending[#pending + 1], pending[#pending + 2] = place, ARGV[before + NewTask.id]
  of_type[type] = (of_type[type] or 0) + 1
  store(before, place)
end
redis.call('ZADD', PENDING, unpack(pending))
for type, times in pairs(of_type) do redis.call('HINCRBY', NOTED, type .. '|SUBMITTED', times) end
ring_now(ROOT .. ':bell')
return stored
