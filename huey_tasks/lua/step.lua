-- step: commits what a worker has finished (STARTED -> the state each commit names) and claims
--       its next tasks (PENDING -> STARTED), in one round trip
-- args: slot sequence lease_ms want ttl_ms
-- then, for each commit: id token state delay_ms retries_left retry_delay_s reason
-- returns: {accepted, …} (1, or 0 when the lease was lost) and {claim, …}, each claim
--          {id, token, message, attempt, retries_left, retry_delay_s, deliveries}
-- A step that is sent again, because its answer got lost, gets the same answer and changes nothing.
local slot_key = ROOT .. ':slot:' .. slot

local function describe(id)
  local fields = redis.call('HMGET', task_key(id),
    'token', 'message', 'attempt', 'retries_left', 'retry_delay_s', 'deliveries')
  return { id, unpack(fields) }
end

local last = redis.call('HMGET', slot_key, 'sequence', 'accepted', 'claimed')
if last[1] and tonumber(last[1]) >= tonumber(sequence) then
  local claims = {}
  for _, id in ipairs(cjson.decode(last[3])) do
    local claim = describe(id)
    if claim[2] == slot .. '/' .. sequence then claims[#claims + 1] = claim end
  end
  return { cjson.decode(last[2]), claims }
end

local function commit(at)
  local id, token, state = ARGV[at], ARGV[at + 1], ARGV[at + 2]
  if redis.call('HGET', task_key(id), 'token') ~= token then
    count('fenced')
    return 0
  end
  redis.call('ZREM', index_key('STARTED'), id)
  if TERMINAL[state] then
    redis.call('HSET', task_key(id), 'outcome', token)
    finish(id, state, ARGV[at + 6], ttl_ms)
  elseif state == 'RETRY' then
    local attempt = redis.call('HGET', task_key(id), 'attempt')
    redis.call('HSET', task_key(id), 'outcome', token, 'token', '', 'retries_left', ARGV[at + 4],
      'retry_delay_s', ARGV[at + 5], 'max_attempts', attempt + 1 + ARGV[at + 4])
    count('RETRY')
    wait_until_due(id, 'RETRY', NOW + ARGV[at + 3])
  else
    put_back(id)
  end
  return 1
end

-- A Redis that is out of memory lets a script go on when its first write is one that needs no
-- memory: commits and claims go on, which frees some, while submits are refused.
redis.call('ZREM', index_key('STARTED'), '')

local accepted = {}
for at = 6, #ARGV, 7 do
  accepted[#accepted + 1] = commit(at)
end

local function claim(id)
  redis.call('ZREM', index_key('PENDING'), id)
  local expires_at = redis.call('HGET', task_key(id), 'expires_at')
  if expires_at and tonumber(expires_at) < NOW then
    finish(id, 'EXPIRED', 'it was not started in time', ttl_ms)
    return nil
  end
  redis.call('HINCRBY', task_key(id), 'attempt', 1)
  redis.call('HINCRBY', task_key(id), 'deliveries', 1)
  redis.call('HSET', task_key(id), 'state', 'STARTED', 'token', slot .. '/' .. sequence,
    'slot', slot, 'started_at', NOW, 'progress', '')
  redis.call('ZADD', index_key('STARTED'), NOW + lease_ms, id)
  return describe(id)
end

local claims, claimed = {}, {}
while #claims < tonumber(want) do
  local id = redis.call('ZRANGE', index_key('PENDING'), 0, 0)[1]
  if not id then break end
  local claimed_task = claim(id)
  if claimed_task then
    claims[#claims + 1], claimed[#claimed + 1] = claimed_task, id
  end
end
if redis.call('ZCARD', index_key('PENDING')) > 0 then ring() end

if #accepted + #claimed > 0 then
  redis.call('HSET', slot_key, 'sequence', sequence, 'accepted', cjson.encode(accepted),
    'claimed', cjson.encode(claimed))
  redis.call('PEXPIRE', slot_key, 600000)
end
return { accepted, claims }
