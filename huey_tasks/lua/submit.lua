-- submit: (new) -> PENDING, or SCHEDULED when it has a delay, for as many tasks as there are
-- args: gates may_refuse
-- with: barrier submit
-- then, for each task, the fields of NewTask in protocol.py
-- `gates` is JSON, a list of Gate; a queue that drains refuses tasks from outside.
-- returns: for each task 1, or 0 when the id is known already and nothing was changed;
--          nothing at all when the queue refuses
if may_refuse == '1' and redis.call('HGET', COUNTERS, 'mode') == 'draining' then return {} end
local submitted = {}
for at = MORE, #ARGV, NewTask.COUNT do
  submitted[#submitted + 1] = submit({ unpack(ARGV, at, at + NewTask.COUNT - 1) })
end
for _, gate in ipairs(cjson.decode(gates)) do open_gate(gate) end
return submitted
