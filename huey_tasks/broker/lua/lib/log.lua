-- The lines that tasks log. The oldest make room.
-- with: events
local LINES = ROOT .. ':lines'
local LOG_CAP, LINES_CAP, LINES_MS = 500, 1000, 7 * 86400000

-- Keeps a line with its task, and with the last ones of its queue.
local function keep_line(id, type, line)
  redis.call('RPUSH', log_key(id), line)
  redis.call('LTRIM', log_key(id), -LOG_CAP, -1)
  redis.call('RPUSH', LINES, cjson.encode({ id, type, line }))
  redis.call('LTRIM', LINES, -LINES_CAP, -1)
  redis.call('PEXPIRE', LINES, LINES_MS)
  add_event('log', id, line)
end
