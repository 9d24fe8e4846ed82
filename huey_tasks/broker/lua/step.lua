-- step: commits what a worker has finished (STARTED -> the state each commit names) and claims
--       its next tasks (PENDING -> STARTED), in one round trip
-- args: slot sequence lease_ms want ttl_ms worth only databases announces
-- then each commit, as a Sent of protocol.py
-- with: clock concurrency tasks
-- tries first: step_plain
-- own parts: endings commit candidates claim
-- `worth`: JSON, {type: ms}, of types that the worker has run. `databases`: those of the tasks and of
-- the outcomes, as in '0 1'; '' if the outcomes are on another server, and none is sent.
-- `only`: what the worker runs and nothing else, 'alone', 'functions' or 'nested'; or ''.
-- `announces`: 1 for the worker of a consumer that says which types it knows, else 0.
-- returns: a digit for each commit (1, or 0 when the lease was lost); {claim, …}, each a text as
--          `Claim.read` of protocol.py takes it; and whether anything is revoked in Huey's way, which
--          workers look up in the result backend
-- A step that is sent again, because its answer got lost, gets the same answer and changes nothing.
local slot_key = ROOT .. ':slot:' .. slot
local token_root = slot .. '/' .. sequence .. '.'

local revocations = redis.call('EXISTS', ROOT .. ':revocations:tasks', ROOT .. ':revocations:types')
local last, was_accepted, was_claimed = unpack(
  redis.call('HMGET', slot_key, 'sequence', 'accepted', 'claimed'))
if last and tonumber(last) >= tonumber(sequence) then
  -- rarely: its answer got lost
  return { was_accepted, claims_again(cjson.decode(was_claimed), token_root), revocations }
end

write_even_if_full()
local commits = read_commits()
keep_outcomes(commits, databases, ttl_ms)
local accepted = commit_all(commits, lease_ms)
if accepted ~= '' and only ~= '' then
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
    worths = cjson.decode(worth),
    only = only,
    announces = announces == '1',
  })
end

if accepted ~= '' or #claimed > 0 then
  redis.call('HSET', slot_key, 'sequence', sequence, 'accepted', accepted,
    'claimed', cjson.encode(claimed))
  redis.call('PEXPIRE', slot_key, 600000)
end
return { accepted, claims, revocations }
