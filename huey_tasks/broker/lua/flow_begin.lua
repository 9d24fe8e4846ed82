-- flow_begin: a flow whose nodes are all stored -> running
-- args: flow name size queues types ttl_ms once room webhook_url
-- with: clock flows once room
-- `queues`, `types`: JSON, all that its tasks go to and are of. `room`: the bounds by which they
-- refuse a flow from outside, as room.py writes them, or ''. `once`: JSON as `lib/once.lua` has it,
-- or ''.
-- returns: {'begun'}; {'gone'}, because its nodes are not all there (any more); {'refused', a Refusal of
--          protocol.py}; or {'found', the fields of Found there} when a submit before was the same
local sent = once ~= '' and cjson.decode(once) or nil
local found = sent and replayed(sent)
if found then return { 'found', found } end
local key = flow_key(flow)
if redis.call('EXISTS', key) == 1 then return { 'begun' } end
for _, queue in ipairs(room ~= '' and cjson.decode(queues) or {}) do
  local refused = refusal(root_of(queue), room)
  if refused then return { 'refused', refused } end
end
if redis.call('HLEN', flow_part(flow, 'ids')) ~= tonumber(size) then return { 'gone' } end

-- HSET comes first: a full Redis refuses it, and then nothing is half done.
redis.call('HSET', key, 'name', name, 'state', 'running', 'size', size, 'created_at', AT,
  'ttl_ms', ttl_ms, 'waiting', size, 'submitted', 0, 'succeeded', 0, 'failed', 0,
  'cancelled', 0, 'skipped', 0, 'queues', queues, 'types', types)
for _, part in ipairs(FLOW_PARTS) do redis.call('PERSIST', flow_part(flow, part)) end
local at_us = clock_s * 1000000 + clock_us
redis.call('ZADD', FLOWS, string.format('%.0f', at_us), flow)
if webhook_url ~= '' then redis.call('HSET', key, 'webhook_url', webhook_url) end
if sent then remember_answer(sent, flow, '', 'running') end
-- What has expired leaves the list, at its old end and anywhere: old flows may live longest.
for _, first in ipairs({ 0, at_us % redis.call('ZCARD', FLOWS) }) do
  for _, old in ipairs(redis.call('ZRANGE', FLOWS, first, first + 19)) do
    if redis.call('EXISTS', flow_key(old)) == 0 then redis.call('ZREM', FLOWS, old) end
  end
end
announce_flow(flow)
add_work(flow, START, 'succeeded')
advance(flow)
return { 'begun' }
