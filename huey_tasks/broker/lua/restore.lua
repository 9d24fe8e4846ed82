-- restore: what `delete` removed -> its state, with its old scores
-- args: undo limit operation request
-- with: answered failures operations
-- returns: {how many were on the list, how many of them are back, how many are left}
-- The same `request` again, because its answer got lost, brings back no more, and says the same.
local done = answered(request)
if done then return cjson.decode(done) end
local entries = redis.call('LRANGE', undo_key(undo), 0, limit - 1)
if #entries == 0 then return { 0, 0, 0 } end

local function bring_back(binned, key)
  redis.call('RENAME', binned, key)
  redis.call('PERSIST', key)
end

local function join_again(id, kept)
  local cause, failed_at, last_seen = unpack(kept)
  if redis.call('EXISTS', failure_key(cause)) == 0 then return end
  redis.call('HSET', CAUSES, id, cause)
  redis.call('ZADD', failed_key(cause), failed_at, id)
  redis.call('PERSIST', failure_key(cause))
  if redis.call('ZADD', FAILURES, 'NX', last_seen, cause) == 1 then
    local kind = redis.call('HGET', failure_key(cause), 'kind')
    if kind then redis.call('SADD', messages_key(kind), cause) end
    make_room_for_groups()
  end
end

-- The first write, an HDEL or the LTRIM, needs no memory: a full Redis lets all of it pass.
local restored = 0
for _, entry in ipairs(entries) do
  local id, state, score, submitted_at, dead_at, kept = unpack(cjson.decode(entry))
  local is_there = redis.call('HGET', binned_key(id), 'binned_by') == undo
  -- A caller may have submitted another task under this id meanwhile.
  if is_there and not redis.call('ZSCORE', SUBMITTED, id) then
    redis.call('HDEL', binned_key(id), 'binned_by')
    bring_back(binned_key(id), task_key(id))
    for binned, list in pairs({ [binned_log_key(id)] = log_key(id),
      [binned_partials_key(id)] = partials_key(id) }) do
      if redis.call('EXISTS', binned) == 1 then bring_back(binned, list) end
    end
    redis.call('ZADD', index_key(state), score, id)
    redis.call('ZADD', SUBMITTED, submitted_at, id)
    if dead_at then redis.call('ZADD', DEAD, dead_at, id) end
    if kept then join_again(id, kept) end
    restored = restored + 1
  end
end
-- Last: after an error above, the next call tries these again, and skips those that are back.
redis.call('LTRIM', undo_key(undo), #entries, -1)
mark_undone(undo)
write_down(operation, restored)
local answer = { #entries, restored, redis.call('LLEN', undo_key(undo)) }
remember_answered(request, cjson.encode(answer))
return answer
