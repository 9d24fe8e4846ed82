-- answer_piece: a running function has written more of its answer; callers may read it already
-- args: id token at piece ttl_ms
-- with: tasks
-- `at`: where the piece begins, so that one that is sent again changes nothing.
-- returns: how many bytes are kept, less than `at` when earlier ones are gone; -1: no lease
if not holds(id, token) then return -1 end
local key = answer_key(id)
local kept = redis.call('STRLEN', key)
if kept < tonumber(at) then return kept end
kept = redis.call('SETRANGE', key, at, piece)
redis.call('PEXPIRE', key, ttl_ms)
-- A caller that gets no message looks by itself, as one that waits for an end does.
if redis.call('HGET', task_key(id), 'awaited') then redis.pcall('PUBLISH', ENDS, id .. ' piece') end
return kept
