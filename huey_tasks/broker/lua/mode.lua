-- mode: a queue flows, is paused (it starts no tasks; running ones go on, it accepts submits), or
--       drains (it accepts no tasks from outside, and runs those that it has)
-- args: mode operation
-- with: blocked clock known_types operations queueing tasks
-- returns: nothing
write_even_if_full()
redis.call('HSET', COUNTERS, 'mode', mode)
redis.call('DEL', OPEN) -- see room.lua
-- Who stopped it, and why: `explain` and the pages show that of a queue that starts no tasks.
local by = operation ~= '' and cjson.decode(operation) or { who = '', why = '' }
redis.call('HSET', COUNTERS, 'mode_by', by.who, 'mode_why', by.why, 'mode_at', AT)
write_down(operation, 0)
if mode ~= 'paused' then
  ring()
  ring_all()
  for _, on in ipairs(redis.call('SMEMBERS', UNKNOWN)) do call_those_who_know(on) end
end
