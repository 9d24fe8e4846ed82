-- step: commits what a worker has finished (STARTED -> the state each commit names) and claims
--       its next tasks (PENDING -> STARTED), in one round trip
-- args: slot sequence lease_ms want ttl_ms short_types only databases commits
-- then, if any has an outcome, that of each commit, or ''
-- with: clock concurrency tasks
-- own parts: endings commit candidates claim
-- `commits`: JSON, a list of commits as protocol.py has them. `short_types`: JSON, {type: ms}.
-- `databases`: those of the tasks and of the outcomes, as in '0 1'; '' if there are no outcomes.
-- `only`: what the worker runs and nothing else, 'alone', 'functions' or 'nested'; or ''.
-- returns: {accepted, …} (1, or 0 when the lease was lost); {claim, …}, each a Claim of protocol.py;
--          and whether anything is revoked in Huey's way, which workers look up in the result backend
-- A step that is sent again, because its answer got lost, gets the same answer and changes nothing.
local slot_key = ROOT .. ':slot:' .. slot
local token_root = slot .. '/' .. sequence .. '.'

local revocations = redis.call('EXISTS', ROOT .. ':revocations:tasks', ROOT .. ':revocations:types')
local last, was_accepted, was_claimed = unpack(
  redis.call('HMGET', slot_key, 'sequence', 'accepted', 'claimed'))
if last and tonumber(last) >= tonumber(sequence) then
  -- rarely: its answer got lost
  local again = claims_again(cjson.decode(was_claimed), token_root)
  return { cjson.decode(was_accepted), again, revocations }
end

write_even_if_full()
commits = cjson.decode(commits)
keep_outcomes(commits, databases, ttl_ms)
local accepted = commit_all(commits, lease_ms)
if #accepted > 0 and only ~= '' then
  -- rarely: the function host
  call_other_queues()
end

local claims, claimed = {}, {}
if redis.call('HGET', COUNTERS, 'mode') ~= 'paused' then
  claims, claimed = claim_all({
    consumer = slot:match('^[^/]*'),
    token_root = token_root,
    lease_end = string.format('%.0f', NOW + lease_ms),
    want = tonumber(want),
    short_types = cjson.decode(short_types),
    only = only,
  })
end

if #accepted + #claimed > 0 then
  redis.call('HSET', slot_key, 'sequence', sequence, 'accepted', cjson.encode(accepted),
    'claimed', cjson.encode(claimed))
  redis.call('PEXPIRE', slot_key, 600000)
end
return { accepted, claims, revocations }
