-- webhook_save: a webhook -> stored, changed or deleted, and with it what all of them want
-- args: id expected record most operation
-- with: operations
-- `expected`: the record (JSON) as the caller has read it, '' for a new one. `record`: '' deletes.
-- returns: 'done'; 'other' when it has changed meanwhile; 'full' when there are `most` already
local key, wanted = PREFIX .. ':webhooks', PREFIX .. ':webhook-ends'
local alert_wants = PREFIX .. ':alert-wants'
local stored = redis.call('HGET', key, id) or ''
-- The same call again, because its answer got lost, finds its own record, and is no other.
if stored ~= expected and stored ~= record then return 'other' end
if stored == '' and redis.call('HLEN', key) >= tonumber(most) then return 'full' end

-- HSET comes first: a full Redis refuses it, and then nothing is half done.
if record == '' then redis.call('HDEL', key, id) else redis.call('HSET', key, id, record) end
redis.call('DEL', wanted, alert_wants)
for _, text in ipairs(redis.call('HVALS', key)) do
  local webhook = cjson.decode(text)
  for _, what in ipairs(webhook.wants) do redis.call('SADD', wanted, what) end
  for _, code in ipairs(webhook.enabled and webhook.conditions or {}) do
    redis.call('SADD', alert_wants, webhook.id .. ' ' .. code)
  end
end
-- Nobody looks at conditions now, so nobody would take these off.
if redis.call('EXISTS', alert_wants) == 0 then
  redis.call('DEL', PREFIX .. ':alerts', PREFIX .. ':alert-posts')
end
write_down(operation, 0)
return 'done'
