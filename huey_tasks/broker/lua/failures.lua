-- failures: failure groups, at most `most` of them; writes nothing
-- args: most
-- with: clock failures
-- then the fingerprints of the wanted ones; none: all, the one seen last first
-- returns: the time, how many failed tasks are kept; for each of the first groups {fingerprint, its tasks,
--          those of them that can be retried, the id of one ('' if none is left), its fields and values}; and
--          the fingerprints of the others, for the next call
local wanted = { unpack(ARGV, MORE) }
if #wanted == 0 then wanted = redis.call('ZREVRANGE', FAILURES, 0, -1) end
local groups, others = {}, { unpack(wanted, most + 1) }
for at = 1, math.min(#wanted, most) do
  local cause = wanted[at]
  if redis.call('ZSCORE', FAILURES, cause) then
    local failed = failed_key(cause)
    local sample = redis.call('HGET', failure_key(cause), 'sample')
    if not redis.call('ZSCORE', failed, sample) then
      sample = redis.call('ZREVRANGE', failed, 0, 0)[1]
    end
    groups[#groups + 1] = { cause, redis.call('ZCARD', failed), redis.call('ZCOUNT', failed, 1, '+inf'),
      sample or '', redis.call('HGETALL', failure_key(cause)) }
  end
end
return { NOW, redis.call('ZCARD', index_key('FAILURE')), groups, others }
