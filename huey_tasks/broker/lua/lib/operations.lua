-- What operators do, and how it is undone.
-- with: clock
local function binned_key(id) return ROOT .. ':binned:' .. id end
local function binned_log_key(id) return ROOT .. ':binned-log:' .. id end
local function binned_partials_key(id) return ROOT .. ':binned-partials:' .. id end
local function undo_key(id) return ROOT .. ':undo:' .. id end
local function operation_key(id) return ROOT .. ':operation:' .. id end
local AUDIT = ROOT .. ':audit'

-- How many operations the audit keeps, and for how many milliseconds.
local AUDIT_CAP, AUDIT_MS = 10000, 90 * 86400000

-- Returns when an operation began, in ms: its id starts with that time.
local function begun_at(id) return math.floor(tonumber(id:sub(1, 14), 16) / 1000) end

local function undo_until(decoded) return begun_at(decoded.id) + decoded.undo_ms end

local function forget_oldest_operation()
  local oldest = redis.call('ZRANGE', AUDIT, 0, 0)[1]
  if not oldest then return end
  if redis.call('ZCARD', AUDIT) > AUDIT_CAP or begun_at(oldest) < NOW - AUDIT_MS then
    redis.call('ZREM', AUDIT, oldest)
    -- Keeps an operation for as long as an undo of it is possible.
    local undo_ms = tonumber(redis.call('HGET', operation_key(oldest), 'undo_ms') or 0)
    redis.call('PEXPIREAT', operation_key(oldest), begun_at(oldest) + undo_ms)
  end
end

-- Adds an operation (JSON, see operation.py; '' for none) and its number of tasks to the audit; all
-- calls of one operation are one entry.
local function write_down(operation, number)
  if operation == '' then return end
  local decoded = cjson.decode(operation)
  local key = operation_key(decoded.id)
  if redis.call('ZADD', AUDIT, 0, decoded.id) == 1 then
    redis.call('HSET', key, 'action', decoded.action, 'who', decoded.who, 'why', decoded.why,
      'target', decoded.target, 'undo_ms', decoded.undo_ms, 'key_id', decoded.key_id or '')
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
