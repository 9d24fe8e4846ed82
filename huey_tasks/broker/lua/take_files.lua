-- take_files: new versions of watched files -> one task each, and their marks, in one step
-- args: name
-- with: clock submit
-- then, for each file, its field and its version, and the fields of NewTask in protocol.py
-- `name`: of the function that watches. The first process to see a version makes its task.
-- returns: for each file 1, or 0 when this version was taken before, and its mark; nothing at all
--          when the queue is draining: then they stay new
if redis.call('HGET', COUNTERS, 'mode') == 'draining' then return {} end
local marks, taken = watched_key(name), {}
for at = MORE, #ARGV, NewTask.COUNT + 2 do
  local field, version = ARGV[at], ARGV[at + 1]
  local mark = redis.call('HGET', marks, field)
  if mark and mark:match('^(.*)@') == version then
    taken[#taken + 1], taken[#taken + 2] = 0, mark
  else
    mark = version .. '@' .. NOW
    submit({ unpack(ARGV, at + 2, at + 1 + NewTask.COUNT) })
    redis.call('HSET', marks, field, mark)
    taken[#taken + 1], taken[#taken + 2] = 1, mark
  end
end
return taken
