-- A submit of tasks that use no option, while their queue takes any number of tasks, their types take
-- no turns and nobody watches: most are of these. It does what `submit` does, without the functions
-- that the rest of it needs, which Redis makes at each call.
-- with: bell clock history
-- returns: for each task 1, or 0 when the id is known already
if tonumber(width) >= NewTask.priority or gates ~= '' then return nil end
local now = clock_s .. ' ' .. room
local open = redis.call('HGET', OPEN, ROOT)
if open ~= now and open ~= now .. ' turns' then return nil end
if open ~= now then
  for before = MORE - 1, #ARGV - 1, width do
    if redis.call('HEXISTS', FAIR, ARGV[before + NewTask.type]) == 1 then return nil end
  end
end

local stored = {}
for before = MORE - 1, #ARGV - 1, width do
  local id, type = ARGV[before + NewTask.id], ARGV[before + NewTask.type]
  local is_new = redis.call('ZADD', SUBMITTED, 'NX', AT, id)
  if is_new == 1 then
    local place = redis.call('HINCRBY', COUNTERS, 'place', '1')
    redis.call('ZADD', index_key('PENDING'), place, id)
    local fields = { 'state', 'PENDING', 'place', place, 'queued_at', AT, 'type', type,
      'message', ARGV[before + NewTask.message], 'submitted_at', AT }
    local max_attempts, retry_delay_s, by = ARGV[before + NewTask.max_attempts],
      ARGV[before + NewTask.retry_delay_s], ARGV[before + NewTask.submitted_by]
    if max_attempts ~= '1' then
      fields[#fields + 1], fields[#fields + 2] = 'max_attempts', max_attempts
    end
    if retry_delay_s ~= '0.0' then
      fields[#fields + 1], fields[#fields + 2] = 'retry_delay_s', retry_delay_s
    end
    if by ~= '' then fields[#fields + 1], fields[#fields + 2] = 'submitted_by', by end
    redis.call('HSET', task_key(id), unpack(fields))
    redis.call('HINCRBY', NOTED, type .. '|SUBMITTED', '1')
  end
  stored[#stored + 1] = is_new
end
ring_now(ROOT .. ':bell')
return stored
