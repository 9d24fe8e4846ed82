-- flow_advance: goes on with what the ends of a flow's nodes have left to do
-- args: flow
-- with: flows tasks
-- returns: {1 while there is more of it, 1 while tasks of it are to be cancelled}
write_even_if_full()
if redis.call('EXISTS', flow_key(flow)) == 0 then
  redis.call('SREM', MOVING, flow)
  return { 0, 0 }
end
local has_more = advance(flow)
return { has_more, redis.call('SISMEMBER', MOVING, flow) == 1 and is_cancelled(flow) and 1 or 0 }
