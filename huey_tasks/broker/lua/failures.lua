-- failures: the failure groups, or one of them; writes nothing
-- args: wanted
-- with: clock failures
-- `wanted`: a fingerprint, or '' for all
-- returns: the time, how many failed tasks are kept, how many of them are in groups, and for each
--          wanted group {fingerprint, its tasks, those of them that can be retried, the id of one
--          ('' if none is left), its fields and values}
local groups, grouped = {}, 0
for _, cause in ipairs(redis.call('ZREVRANGE', FAILURES, 0, -1)) do
  local failed = failed_key(cause)
  local tasks = redis.call('ZCARD', failed)
  grouped = grouped + tasks
  if wanted == '' or wanted == cause then
    local sample = redis.call('HGET', failure_key(cause), 'sample')
    if not redis.call('ZSCORE', failed, sample) then
      sample = redis.call('ZREVRANGE', failed, 0, 0)[1]
    end
    groups[#groups + 1] = { cause, tasks, redis.call('ZCOUNT', failed, 1, '+inf'), sample or '',
      redis.call('HGETALL', failure_key(cause)) }
  end
end
return { NOW, redis.call('ZCARD', index_key('FAILURE')), grouped, groups }
