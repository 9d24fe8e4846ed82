-- webhook_save: a webhook -> stored, changed or deleted, and with it what all of them want
-- args: id expected record most operation
-- with: operations
-- `expected`: the record (JSON) as the caller has read it, '' for a new one. `record`: '' deletes.
-- returns: 'done'; 'other' when it has changed meanwhile; 'full' when there are `most` already
local key, wanted = PREFIX .. ':webhooks', PREFIX .. ':webhook-ends'
local stored = redis.call('HGET', key, id) or ''
-- The same call again, because its answer got lost, finds its own record, and is no other.
if stored ~= expected and stored ~= record then return 'other' end
if stored == '' and redis.call('HLEN', key) >= tonumber(most) then return 'full' end

-- HSET comes first: a full Redis refuses it, and then nothing is half done.
if record == '' then redis.call('HDEL', key, id) else redis.call('HSET', key, id, record) end
redis.call('DEL', wanted)
for _, text in ipairs(redis.call('HVALS', key)) do
  for _, what in ipairs(cjson.decode(text).wants) do redis.call('SADD', wanted, what) end
end
write_down(operation, 0)
return 'done'
