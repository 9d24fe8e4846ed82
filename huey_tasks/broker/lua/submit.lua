-- submit: (new) -> PENDING, or SCHEDULED when it has a delay, for as many tasks as there are
-- args: gates room width
-- with: barrier once room submit submit_once
-- tries first: submit_plain
-- then, for each task, the first `width` fields of NewTask in protocol.py; the others are empty
-- `gates` is JSON, a list of Gate, or ''. `room` has the bounds by which a queue refuses tasks from
-- outside, as room.py writes them; '' for tasks that follow from accepted ones: none of them is ever refused.
-- returns: for each task 1, 0 when the id is known already and nothing was changed, or the fields
--          of Found in protocol.py when another submit was the same; in place of all that a Refusal,
--          when one of the queues takes none
local all = {}
for at = MORE, #ARGV, width do all[#all + 1] = { unpack(ARGV, at, at + width - 1) } end

local refusals = {}
for _, new in ipairs(room ~= '' and all or {}) do
  local root = root_of(new[NewTask.queue])
  if refusals[root] == nil then refusals[root] = refusal_now(root, room) or false end
  if refusals[root] then
    -- rarely: a queue that takes no tasks
    -- It took the task before, if this call is made again because its answer got lost.
    local is_known = redis.call('ZSCORE', root .. ':submitted', new[NewTask.id])
    local once = new[NewTask.once]
    local is_replay = once and once ~= '' and replayed(cjson.decode(once))
    if not is_known and not is_replay then return refusals[root] end
  end
end

-- The first write is the one that a full Redis refuses, so nothing is half done.
local submitted = {}
for at, new in ipairs(all) do
  local once = new[NewTask.once]
  if not once or once == '' then
    submitted[at] = submit(new)
  else
    -- rarely: a submit that has an effect once
    submitted[at] = submit_once(new, cjson.decode(once))
  end
end
for _, gate in ipairs(gates ~= '' and cjson.decode(gates) or {}) do
  -- rarely: a chord
  open_gate(gate)
end
return submitted
