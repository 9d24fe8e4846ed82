-- totals: what was counted since the beginning, by task type; writes nothing
-- args: late_ms
-- with: clock history
-- One script reads both hashes, so that a minute that is folded meanwhile is in exactly one of them.
-- returns: {the fields of keys.totals, those of NOTED, those of COUNTERS, how many leases have ended
--          more than `late_ms` ago and nobody has recovered the task}
return {
  redis.call('HGETALL', ROOT .. ':totals'),
  redis.call('HGETALL', NOTED),
  redis.call('HGETALL', COUNTERS),
  redis.call('ZCOUNT', index_key('STARTED'), '-inf', NOW - late_ms),
}
