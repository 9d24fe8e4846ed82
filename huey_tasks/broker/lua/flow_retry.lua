-- flow_retry: a flow that has ended -> running again, with new tasks for some of its nodes
-- args: flow finished_at start operation
-- with: flows operations
-- then, for each of these nodes, its number, the id of its new task, and for how many ends it waits
-- `finished_at`: as the caller has read it. `start`: JSON, the node `start` in front of them.
-- returns: 'running'; 'other' when the flow has changed meanwhile; '' when the id is unknown
local key = flow_key(flow)
local state, ended_at = unpack(redis.call('HMGET', key, 'state', 'finished_at'))
if not state or redis.call('EXISTS', flow_part(flow, 'nodes')) == 0 then return '' end
-- The same request again, because its answer got lost, finds its own task.
if redis.call('HGET', flow_part(flow, 'ids'), ARGV[MORE]) == ARGV[MORE + 1] then return 'running' end
if state == 'running' or ended_at ~= finished_at then return 'other' end

-- HSET comes first: a full Redis refuses it, and then nothing is half done.
redis.call('HSET', flow_part(flow, 'nodes'), START, start)
redis.call('HSET', key, 'state', 'running')
redis.call('HDEL', key, 'finished_at', 'cancelled_at', 'reason')
redis.call('HINCRBY', key, 'retries', 1)
redis.call('PERSIST', key)
for _, part in ipairs(FLOW_PARTS) do redis.call('PERSIST', flow_part(flow, part)) end
local moves = {}
local function run_again(first, last)
  local numbers, states, ids, before = {}, {}, {}, {}
  for at = first, last, 3 do
    local number, id, waits_for = unpack(ARGV, at, at + 2)
    numbers[#numbers + 1] = number
    states[#states + 1], states[#states + 2] = number, 'waiting'
    ids[#ids + 1], ids[#ids + 2] = number, id
    before[#before + 1], before[#before + 2] = number, waits_for
  end
  for _, was in ipairs(redis.call('HMGET', flow_part(flow, 'states'), unpack(numbers))) do
    local from = was or 'waiting'
    moves[from], moves.waiting = (moves[from] or 0) - 1, (moves.waiting or 0) + 1
  end
  redis.call('HSET', flow_part(flow, 'states'), unpack(states))
  redis.call('HSET', flow_part(flow, 'ids'), unpack(ids))
  redis.call('HSET', flow_part(flow, 'before'), unpack(before))
end
for first = MORE, #ARGV, 1500 do run_again(first, math.min(first + 1499, #ARGV)) end
for state, change in pairs(moves) do redis.call('HINCRBY', key, state, change) end
write_down(operation, 1)
announce_flow(flow)
add_work(flow, START, 'succeeded')
advance(flow)
return 'running'
