-- release: STARTED -> PENDING at the old place, or FAILURE after too many crashes, at once,
--          because the supervisor saw its worker die
-- args: id token crashed max_crashes ttl_ms
-- returns: the new state, or '' when the token holds no lease
if not holds(id, token) then return '' end
redis.call('ZREM', index_key('STARTED'), id)
count('released')
if crashed == '1' then return crash(id, 'crashes', max_crashes, ttl_ms) end
put_back(id)
return 'PENDING'
