-- Somebody watches: from now on, scripts add what happens to the stream of events.
-- with: events

-- Begins the stream, or keeps it for longer; returns the ids of its first and its last event.
local function watch_on(keep_ms)
  if redis.call('EXISTS', EVENTS) == 0 then
    redis.call('XADD', EVENTS, '*', 'kind', 'begun', 'queue', '', 'id', '', 'task', '[]', 'detail', 'null')
    redis.call('DEL', OPEN) -- see room.lua
  end
  redis.call('PEXPIRE', EVENTS, keep_ms)
  return redis.call('XRANGE', EVENTS, '-', '+', 'COUNT', 1)[1][1],
    redis.call('XREVRANGE', EVENTS, '+', '-', 'COUNT', 1)[1][1]
end
