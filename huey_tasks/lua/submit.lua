-- submit: (new) -> PENDING, or SCHEDULED when it has a delay, for as many tasks as there are
-- args: gates may_refuse
-- then, for each task: id message type priority delay_ms max_attempts retry_delay_s expires_ms gate
--                      passes_on tags
-- `gates` is JSON, [[size, callback], …]; a queue that drains refuses tasks from outside.
-- returns: for each task 1, or 0 when the id is known already and nothing was changed;
--          nothing at all when the queue refuses
local FIELDS = 11
if may_refuse == '1' and redis.call('HGET', COUNTERS, 'mode') == 'draining' then return {} end
local submitted = {}
for at = 3, #ARGV, FIELDS do
  submitted[#submitted + 1] = submit(unpack(ARGV, at, at + FIELDS - 1))
end
for _, gate in ipairs(cjson.decode(gates)) do open_gate(gate[1], gate[2]) end
return submitted
