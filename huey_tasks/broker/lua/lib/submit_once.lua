-- A submit that has an effect once: it looks whether it has happened before, and stores its answer.
-- with: once submit

-- Returns what `submit` does, or the fields of Found in protocol.py.
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
  local state = tonumber(new[NewTask.delay_ms] or 0) > 0 and 'SCHEDULED' or 'PENDING'
  remember_answer(once, id, queue, state)
  remember_unique(once, id, queue)
  return is_new
end
