-- What operators do, and how it is undone.
-- with: clock
local function binned_key(id) return ROOT .. ':binned:' .. id end
local function binned_log_key(id) return ROOT .. ':binned-log:' .. id end
local function undo_key(id) return ROOT .. ':undo:' .. id end
local function operation_key(id) return ROOT .. ':operation:' .. id end
local AUDIT = ROOT .. ':audit'

-- How many operations of operators are remembered, and for how long.
local AUDIT_CAP, AUDIT_MS = 10000, 90 * 86400000

-- The id of an operation begins with the time of its begin.
local function begun_at(id) return math.floor(tonumber(id:sub(1, 14), 16) / 1000) end

local function undo_until(told) return begun_at(told.id) + told.undo_ms end

local function forget_oldest_operation()
  local oldest = redis.call('ZRANGE', AUDIT, 0, 0)[1]
  if not oldest then return end
  if redis.call('ZCARD', AUDIT) > AUDIT_CAP or begun_at(oldest) < NOW - AUDIT_MS then
    redis.call('ZREM', AUDIT, oldest)
    -- What can still be undone is known until then.
    local undo_ms = tonumber(redis.call('HGET', operation_key(oldest), 'undo_ms') or 0)
    redis.call('PEXPIREAT', operation_key(oldest), begun_at(oldest) + undo_ms)
  end
end

-- Remembers what an operator does (JSON, see operation.py; '' when nobody is to blame) and to how
-- many tasks; the pieces of one operation are one entry.
local function write_down(operation, number)
  if operation == '' then return end
  local told = cjson.decode(operation)
  local key = operation_key(told.id)
  if redis.call('ZADD', AUDIT, 0, told.id) == 1 then
    redis.call('HSET', key, 'action', told.action, 'who', told.who, 'why', told.why,
      'target', told.target, 'undo_ms', told.undo_ms)
  end
  redis.call('HINCRBY', key, 'count', number)
  redis.call('PEXPIRE', key, AUDIT_MS)
  forget_oldest_operation()
  forget_oldest_operation()
end

local function mark_undone(id)
  local key = operation_key(id)
  if redis.call('EXISTS', key) == 1 then redis.call('HSET', key, 'undone_at', NOW) end
end
