-- key_save: an API key -> stored, or revoked
-- args: id record most keep_admin operation
-- with: clock operations
-- `record`: JSON, '' revokes. `keep_admin`: 1 when nothing but these keys lets an admin in. That the last
-- one was revoked is noted, so that nobody takes a Redis that has lost its data for an open service.
-- returns: 'done'; 'gone' when there is none to revoke; 'full' when there are `most` already; 'taken' when
--          another key that has not expired has its name; 'last' when no admin would be left
local key, used = PREFIX .. ':api-keys', PREFIX .. ':api-keys-used'
local revoked = PREFIX .. ':api-keys-revoked'
local is_new = redis.call('HEXISTS', key, id) == 0
if record == '' and is_new then
  -- The same call again, because its answer got lost, has written down its operation already.
  local is_repeated = operation ~= '' and redis.call('ZSCORE', AUDIT, cjson.decode(operation).id)
  return is_repeated and 'done' or 'gone'
end
if record ~= '' and is_new and redis.call('HLEN', key) >= tonumber(most) then return 'full' end

-- Only a key that opens something has its name to itself.
local function is_taken(name)
  for _, text in ipairs(redis.call('HVALS', key)) do
    local other = cjson.decode(text)
    if other.name == name and (other.expires_ms == 0 or other.expires_ms > NOW) then return true end
  end
  return false
end
if record ~= '' and is_new and is_taken(cjson.decode(record).name) then return 'taken' end

-- An admin whose key expires by itself does not count: one day it would be the last.
local function is_lasting_admin(text)
  local decoded = cjson.decode(text)
  return decoded.role == 'admin' and decoded.expires_ms == 0
end

local function others_have_an_admin()
  for _, other in ipairs(redis.call('HKEYS', key)) do
    if other ~= id and is_lasting_admin(redis.call('HGET', key, other)) then return true end
  end
  return false
end

if keep_admin == '1' and not others_have_an_admin() then
  local was_admin = not is_new and is_lasting_admin(redis.call('HGET', key, id))
  local is_admin = record ~= '' and is_lasting_admin(record)
  if not is_admin and (is_new or was_admin) then return 'last' end
end

if record == '' then
  redis.call('HDEL', key, id)
  redis.call('HDEL', used, id)
  if redis.call('EXISTS', key) == 0 then redis.call('SET', revoked, 1) end
else
  redis.call('HSET', key, id, record)
  redis.call('DEL', revoked)
end
write_down(operation, 0)
return 'done'
