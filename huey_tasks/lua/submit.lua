-- submit: (new) -> PENDING, or SCHEDULED when it has a delay
-- args: id message type priority delay_ms max_attempts retry_delay_s expires_in_ms
-- returns: 1, or 0 when the id is known already and nothing was changed
if redis.call('EXISTS', task_key(id)) == 1 then return 0 end
-- HSET comes first on purpose: a full Redis refuses it, and then nothing is half done.
redis.call('HSET', task_key(id), 'message', message, 'type', type, 'priority', priority,
  'attempt', 0, 'max_attempts', max_attempts, 'retries_left', max_attempts - 1,
  'retry_delay_s', retry_delay_s, 'deliveries', 0, 'crashes', 0, 'token', '', 'submitted_at', NOW)
if tonumber(expires_in_ms) > 0 then
  redis.call('HSET', task_key(id), 'expires_at', NOW + expires_in_ms)
end
redis.call('ZADD', SUBMITTED, NOW, id)
count('SUBMITTED')
if tonumber(delay_ms) > 0 then
  wait_until_due(id, 'SCHEDULED', NOW + delay_ms)
else
  wait_in_queue(id, new_place(priority))
end
return 1
