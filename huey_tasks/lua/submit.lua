-- submit: (new) -> PENDING, or SCHEDULED when it has a delay
-- args: id message type priority delay_ms max_attempts retry_delay_s expires_ms
-- returns: 1, or 0 when the id is known already and nothing was changed
return submit(id, message, type, priority, delay_ms, max_attempts, retry_delay_s, expires_ms)
