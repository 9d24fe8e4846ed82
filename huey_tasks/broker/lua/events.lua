-- events: what happened to tasks behind an event, and that somebody watches; changes no task
-- args: behind limit keep_ms
-- with: events watching
-- `behind`: the id of an event; '-': from the first that is kept.
-- returns: {id of the first event that is kept, of the last, {event, …}}, each event as XRANGE has it
local first, last = watch_on(keep_ms)
local from = behind == '-' and '-' or '(' .. behind
return { first, last, redis.call('XRANGE', EVENTS, from, '+', 'COUNT', limit) }
