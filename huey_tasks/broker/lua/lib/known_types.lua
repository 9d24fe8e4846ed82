-- Which consumer knows which task types; the others leave a task of another type to it.

-- The hash of a consumer has the types that it knows. One of an older version has none and claims all,
-- and so does who is no consumer: a client, a test.
local function knows(consumer, type)
  local key = consumer_key(consumer)
  return redis.call('HEXISTS', key, 'knows.' .. type) == 1 or redis.call('HEXISTS', key, 'types') == 0
end

-- Wakes a worker of this consumer, and of no other.
local function call_worker(consumer)
  local key = ROOT .. ':call:' .. consumer
  if redis.call('LLEN', key) == 0 then redis.call('LPUSH', key, 1) end
  redis.call('PEXPIRE', key, 600000)
end

local function call_those_who_know(on)
  local type = on:match('^type:(.*)$')
  for _, consumer in ipairs(redis.call('ZRANGE', CONSUMERS, 0, -1)) do
    if redis.call('HEXISTS', consumer_key(consumer), 'knows.' .. type) == 1 then
      call_worker(consumer)
    end
  end
end
