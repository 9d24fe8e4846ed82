-- dataset: marks the data of a queue as part of a data set, so that its loss is seen
-- args: id vanished results_vanished
-- with: clock tasks
-- `id`: for a queue without a mark; '' only looks. `vanished`, `results_vanished`: '1' notes that
-- the data of the queue, or the results, have been lost.
-- returns: {the id of the data set, '' if there is no mark; how old the mark is, in ms}
write_even_if_full()
local known, since = unpack(redis.call('HMGET', DATASET, 'id', 'since'))
if not known then
  if id == '' then return { '', 0 } end
  known, since = id, AT
  redis.call('HSET', DATASET, 'id', id, 'since', AT)
end
if vanished == '1' then redis.call('HSET', DATASET, 'vanished_at', AT) end
if results_vanished == '1' then redis.call('HSET', DATASET, 'results_vanished_at', AT) end
return { known, NOW - (since or NOW) }
