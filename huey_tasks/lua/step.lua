-- step: commits what a worker has finished (STARTED -> the state each commit names) and claims
--       its next tasks (PENDING -> STARTED), in one round trip
-- args: slot sequence lease_ms want ttl_ms
-- then, for each commit: id token state delay_ms retries_left retry_delay_s reason children
-- and for each of its children: gate member size, and the arguments of submit
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

local cursor = 5
local function take(number)
  cursor = cursor + number
  return unpack(ARGV, cursor - number + 1, cursor)
end

-- A task that follows from this one. Behind a gate it waits until all members have come.
local function submit_child(gate, member, size, ...)
  if gate ~= '' then
    local gate_key = ROOT .. ':gate:' .. gate
    redis.call('SADD', gate_key, member)
    redis.call('PEXPIRE', gate_key, ttl_ms)
    if redis.call('SCARD', gate_key) < tonumber(size) then return end
    redis.call('DEL', gate_key)
  end
  submit(...)
end

local function commit(id, token, state, delay_ms, retries_left, retry_delay_s, reason)
  redis.call('ZREM', index_key('STARTED'), id)
  if TERMINAL[state] then
    redis.call('HSET', task_key(id), 'outcome', token)
    finish(id, state, reason, ttl_ms)
  elseif state == 'RETRY' then
    local attempt = redis.call('HGET', task_key(id), 'attempt')
    redis.call('HSET', task_key(id), 'outcome', token, 'token', '', 'retries_left', retries_left,
      'retry_delay_s', retry_delay_s, 'max_attempts', attempt + 1 + retries_left)
    count('RETRY')
    wait_until_due(id, 'RETRY', NOW + delay_ms)
  elseif tonumber(delay_ms) > 0 then
    redis.call('HINCRBY', task_key(id), 'attempt', -1)
    redis.call('HSET', task_key(id), 'token', '', 'reason', reason)
    wait_until_due(id, 'RETRY', NOW + delay_ms)
  else
    put_back(id)
  end
end

-- Commits if the lease is still held; the children are read in any case, and submitted only then.
local function commit_if_held(id, token, ...)
  local held = holds(id, token)
  if held then commit(id, token, ...) else count('fenced') end
  for _ = 1, tonumber(take(1)) do
    if held then submit_child(take(11)) else take(11) end
  end
  return held and 1 or 0
end

write_even_if_full()

local accepted = {}
while cursor < #ARGV do
  accepted[#accepted + 1] = commit_if_held(take(7))
end

local function claim(id)
  if not exists(id, 'PENDING') then return nil end
  redis.call('ZREM', index_key('PENDING'), id)
  local fields = redis.call('HMGET', task_key(id), 'expires_at', 'deliveries')
  if fields[1] and fields[2] == '0' and tonumber(fields[1]) < NOW then
    finish(id, 'EXPIRED', 'it was not started in time', ttl_ms)
    return nil
  end
  redis.call('HINCRBY', task_key(id), 'attempt', 1)
  redis.call('HINCRBY', task_key(id), 'deliveries', 1)
  redis.call('HSET', task_key(id), 'state', 'STARTED', 'token', slot .. '/' .. sequence,
    'slot', slot, 'started_at', NOW, 'progress', '', 'reason', '')
  redis.call('ZADD', index_key('STARTED'), NOW + lease_ms, id)
  return describe(id)
end

local claims, claimed = {}, {}
local paused = redis.call('HGET', COUNTERS, 'paused') == '1'
local looked_at = 0
while #claims < tonumber(want) and looked_at < want + 100 and not paused do
  looked_at = looked_at + 1
  local id = redis.call('ZRANGE', index_key('PENDING'), 0, 0)[1]
  if not id then break end
  local claimed_task = claim(id)
  if claimed_task then
    claims[#claims + 1], claimed[#claimed + 1] = claimed_task, id
  end
end
if not paused and redis.call('ZCARD', index_key('PENDING')) > 0 then ring() end

if #accepted + #claimed > 0 then
  redis.call('HSET', slot_key, 'sequence', sequence, 'accepted', cjson.encode(accepted),
    'claimed', cjson.encode(claimed))
  redis.call('PEXPIRE', slot_key, 600000)
end
return { accepted, claims }
