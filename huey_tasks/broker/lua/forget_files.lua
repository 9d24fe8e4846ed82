-- forget_files: watched files have gone; one that comes back is a new one
-- args: name
-- then, for each file, its field and the mark that its watcher knew
-- returns: how many were forgotten; a file that was taken again meanwhile is not
local marks, forgotten = watched_key(name), 0
for at = MORE, #ARGV, 2 do
  if redis.call('HGET', marks, ARGV[at]) == ARGV[at + 1] then
    forgotten = forgotten + redis.call('HDEL', marks, ARGV[at])
  end
end
return forgotten
