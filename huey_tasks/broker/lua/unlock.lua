-- unlock: frees a lock that this attempt holds, or with the token '*' any lock, and wakes the first
--         task that waits for it; in `others`, the starts of the keys of the other queues, a consumer
--         looks at once
-- args: name token others request
-- with: answered clock locks wake
-- returns: 1, or 0 when it was not held by that token
-- With '*' the same `request` again would free the lock of another, who has taken it meanwhile.
if token == '*' and answered(request) then return 1 end
local holder = redis.call('HGET', lock_key(name), 'token')
if not holder or (token ~= '*' and holder ~= token) then return 0 end
redis.call('DEL', lock_key(name))
if token == '*' then remember_answered(request, 1) end
wake('lock:' .. name, 1)
for other in others:gmatch('%S+') do
  if redis.call('EXISTS', other .. ':blocked:lock:' .. name) == 1 then
    redis.call('ZADD', other .. ':awaited', NOW, 'lock:' .. name)
    redis.call('PUBLISH', other .. ':control', 'due')
  end
end
return 1
