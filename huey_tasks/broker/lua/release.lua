-- release: STARTED -> PENDING at the old place, or FAILURE after too many crashes, at once, because
--          the worker or the consumer that held it was seen to be dead
-- args: holder kind blamed limit how request
-- with: answered counting crashes release
-- `holder`: the name of a worker or a consumer, with which its tokens begin. `kind`: what is counted,
-- 'crashes' or 'losses', for the task with the token `blamed`, or for all if that is '*'. `how` the
-- holder died, in words, or ''.
-- returns: {id, new state} for each, also to the same `request` again, because its answer got lost
local done = answered(request)
if done then return cjson.decode(done) end
local released = {}
for _, id in ipairs(redis.call('ZRANGE', index_key('STARTED'), 0, -1)) do
  local token = redis.call('HGET', task_key(id), 'token') or ''
  if token:sub(1, #holder + 1) == holder .. '/' then
    redis.call('ZREM', index_key('STARTED'), id)
    count('released')
    local state = 'PENDING'
    if blamed == token or blamed == '*' then
      state = crash(id, kind, limit, how)
    else
      release(id)
    end
    released[#released + 1] = { id, state }
  end
end
if #released > 0 then remember_answered(request, cjson.encode(released)) end
return released
