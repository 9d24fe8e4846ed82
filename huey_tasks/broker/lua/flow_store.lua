-- flow_store: (nothing) -> some nodes of a flow that nobody sees yet, for `ttl_ms`
-- args: flow ttl_ms
-- with: flows
-- then, for each node, its number, the id of its task, for how many ends it waits, and JSON:
-- {name, task, after, on_failure, next, rescue}: names of those before it and of the one that starts when
-- it fails; `task`: a NewTask of protocol.py; `next` and `rescue`: the numbers of those behind it
-- returns: how many there are now; -1, and nothing is stored, when the flow has begun
if redis.call('EXISTS', flow_key(flow)) == 1 then return -1 end
local nodes, ids, before = {}, {}, {}
for at = MORE, #ARGV, 4 do
  local number, id, waits_for, node = unpack(ARGV, at, at + 3)
  nodes[#nodes + 1], nodes[#nodes + 2] = number, node
  if id ~= '' then
    ids[#ids + 1], ids[#ids + 2] = number, id
    before[#before + 1], before[#before + 2] = number, waits_for
  end
end
redis.call('HSET', flow_part(flow, 'nodes'), unpack(nodes))
if #ids > 0 then
  redis.call('HSET', flow_part(flow, 'ids'), unpack(ids))
  redis.call('HSET', flow_part(flow, 'before'), unpack(before))
end
for _, part in ipairs(FLOW_PARTS) do redis.call('PEXPIRE', flow_part(flow, part), ttl_ms) end
return redis.call('HLEN', flow_part(flow, 'ids'))
