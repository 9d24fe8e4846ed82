-- limits: the limits of a task type are set, or taken away: its breakers close, and what waits for
--         them is looked at now
-- args: type limits source request seen operation
-- with: blocked breaker clock fair locks operations type_limits
-- `source`: 'operator', or 'code' for what it declares; those of an operator go before. `limits`: JSON,
-- {concurrency, rate, per_ms, by, breaker, fair_by, queues}, or '' for none. Called for each queue: the first call
-- stores them, for all queues, the others have no `source`. `request` is the caller's, who may have to ask twice;
-- '' when nobody sets them: they and their time stay, if they are still there, and only the `queues` are others.
-- `seen`: when those that hold were set (ms), as far as the caller knows, 'none' if there were none; '' for one who
-- does not mind.
-- returns: 'done', or 'changed' when somebody has set them since `seen`
local text = redis.call('HGET', LIMITS, type)
local both = text and cjson.decode(text) or {}
local mine, held = both[source] or {}, both.operator or both.code or {}
if source ~= '' and mine.request ~= request then
  if request == '' then
    mine.queues = cjson.decode(limits).queues
  else
    -- What is to be taken away and is gone may have gone in this call, if it is made again.
    local is_gone = limits == '' and not both[source]
    if seen ~= '' and tonumber(seen) ~= held.updated_at and not is_gone then return 'changed' end
    both[source] = limits ~= '' and cjson.decode(limits) or nil
    if both[source] then
      both[source].request, both[source].updated_at = request, math.max(NOW, (held.updated_at or 0) + 1)
    end
  end
  if next(both) then
    redis.call('HSET', LIMITS, type, cjson.encode(both))
  else
    redis.call('HDEL', LIMITS, type)
  end
end
local now = both.operator or both.code
if now and now.fair_by then
  redis.call('HSET', FAIR, type, now.fair_by)
  redis.call('DEL', OPEN) -- see room.lua
else
  redis.call('HDEL', FAIR, type)
  redis.call('UNLINK', fair_keys(type)) -- nothing ends rounds any more
end
local function is_of_type(name) return name == type or name:sub(1, #type + 1) == type .. '=' end
for _, name in ipairs(redis.call('ZRANGE', BREAKERS, 0, -1)) do
  if is_of_type(name) then close_breaker(name, 0) end
end
for _, on in ipairs(redis.call('ZRANGE', AWAITED, 0, -1)) do
  local kind, name = on:match('^(%l+):(.*)$')
  if (kind == 'busy' or kind == 'rate' or kind == 'breaker') and is_of_type(name) then
    look_again(on, NOW)
  end
end
-- A call that is made again has written it down already.
local is_written = operation ~= '' and redis.call('ZSCORE', AUDIT, cjson.decode(operation).id)
write_down(operation, is_written and 0 or 1)
return 'done'
