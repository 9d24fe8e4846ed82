-- dataset: marks the data of a queue as part of a data set, so that its loss is seen
-- args: id vanished results_vanished queues
-- with: clock tasks
-- `id`: for a queue without a mark; '' only looks. `vanished`, `results_vanished`: '1' notes that
-- the data of the queue, or the results, have been lost. `queues`: names of the queues that the data
-- set has, separated by spaces; the mark keeps when each was first named.
-- returns: {the id of the data set, '' if there is no mark; the names that the mark had before, each
--          followed by how long ago it was named, in ms}
write_even_if_full()
local known, named = redis.call('HGET', DATASET, 'id') or id, {}
if known == '' then return { '', {} } end
local fields = redis.call('HGETALL', DATASET)
for at = 1, #fields, 2 do
  local name = string.match(fields[at], '^queue%.(.*)')
  if name then
    named[#named + 1] = name
    named[#named + 1] = NOW - fields[at + 1]
  end
end
redis.call('HSETNX', DATASET, 'id', known)
for name in string.gmatch(queues, '%S+') do redis.call('HSETNX', DATASET, 'queue.' .. name, AT) end
if vanished == '1' then redis.call('HSET', DATASET, 'vanished_at', AT) end
if results_vanished == '1' then redis.call('HSET', DATASET, 'results_vanished_at', AT) end
return { known, named }
