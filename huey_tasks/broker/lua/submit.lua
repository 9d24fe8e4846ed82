-- submit: (new) -> PENDING, or SCHEDULED when it has a delay, for as many tasks as there are
-- args: gates room width
-- with: barrier once room submit
-- then, for each task, the first `width` fields of NewTask in protocol.py; the others are empty
-- `gates` is JSON, a list of Gate, or ''. `room` has the bounds by which a queue refuses tasks from
-- outside, as room.py writes them; '' for tasks that follow from accepted ones: none of them is ever refused.
-- returns: for each task 1, 0 when the id is known already and nothing was changed, or the fields
--          of Found in protocol.py when another submit was the same; in place of all that a Refusal,
--          when one of the queues takes none
local all = {}
for at = MORE, #ARGV, width do all[#all + 1] = { unpack(ARGV, at, at + width - 1) } end

local function once_of(new)
  local once = new[NewTask.once]
  return once and once ~= '' and cjson.decode(once) or nil
end

local refusals = {}
for _, new in ipairs(room ~= '' and all or {}) do
  local root, once = root_of(new[NewTask.queue]), once_of(new)
  if refusals[root] == nil then refusals[root] = refusal(root, room) or false end
  if refusals[root] and not (once and replayed(once)) then return refusals[root] end
end

-- The first write is the one that a full Redis refuses, so nothing is half done.
local function submit_once(new, once)
  local found = replayed(once)
  if found then return found end
  found = duplicated(once)
  local id, queue = new[NewTask.id], new[NewTask.queue]
  if not queue or queue == '' then queue = ROOT:match('{(.*)}$') end
  if found then
    remember_answer(once, found[Found.id], found[Found.queue], found[Found.state], true)
    return found
  end
  local is_new = submit(new)
  local state = tonumber(new[NewTask.delay_ms]) > 0 and 'SCHEDULED' or 'PENDING'
  remember_answer(once, id, queue, state)
  remember_unique(once, id, queue)
  return is_new
end

local submitted = {}
for _, new in ipairs(all) do
  local once = once_of(new)
  submitted[#submitted + 1] = once and submit_once(new, once) or submit(new)
end
for _, gate in ipairs(gates ~= '' and cjson.decode(gates) or {}) do open_gate(gate) end
return submitted
