-- emit: a running task keeps a partial result
-- args: id token partial
-- with: events tasks
-- `partial`: JSON. The oldest make room.
-- returns: 1, or 0 when the token holds no lease
local PARTIALS_CAP = 500
if not holds(id, token) then return 0 end
-- Each has its time, so one like the last is that one again, because its answer got lost.
if redis.call('LRANGE', partials_key(id), -1, -1)[1] == partial then return 1 end
redis.call('RPUSH', partials_key(id), partial)
redis.call('LTRIM', partials_key(id), -PARTIALS_CAP, -1)
add_event('partial', id, partial)
return 1
