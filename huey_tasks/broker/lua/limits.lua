-- limits: the limits of a task type are set, or taken away; what waits for them is looked at now
-- args: type limits source operation
-- with: blocked clock locks operations type_limits
-- `source`: 'operator', or 'code' for what it declares; those of an operator go before. `limits`: JSON,
-- {concurrency, rate, per_ms, by, queues}, or '' for none. Called for each queue; one of them gets
-- the operation.
-- returns: nothing
local text = redis.call('HGET', LIMITS, type)
local both = text and cjson.decode(text) or {}
both[source] = limits ~= '' and cjson.decode(limits) or nil
if next(both) then
  redis.call('HSET', LIMITS, type, cjson.encode(both))
else
  redis.call('HDEL', LIMITS, type)
end
for _, on in ipairs(redis.call('ZRANGE', AWAITED, 0, -1)) do
  if on:sub(1, 5 + #type) == 'busy:' .. type or on:sub(1, 5 + #type) == 'rate:' .. type then
    look_again(on, NOW)
  end
end
write_down(operation, 1)
