-- limits: the limits of a task type are set, or taken away; what waits for them is looked at now
-- args: type limits operation
-- with: blocked clock locks operations type_limits
-- `limits`: JSON, {concurrency, rate, per_ms, by, queues}, or '' for none. Called for each queue; one
-- of them gets the operation.
-- returns: nothing
if limits == '' then redis.call('HDEL', LIMITS, type) else redis.call('HSET', LIMITS, type, limits) end
for _, on in ipairs(redis.call('ZRANGE', AWAITED, 0, -1)) do
  if on:sub(1, 5 + #type) == 'busy:' .. type or on:sub(1, 5 + #type) == 'rate:' .. type then
    look_again(on, NOW)
  end
end
write_down(operation, 1)
