-- change: PENDING, SCHEDULED or RETRY -> the same task with another payload, time, priority or tags
-- args: id request seen expected message delay_ms priority tags operation unique_was unique
-- with: blocked clock events fair fair_again once operations queueing tasks
-- '' keeps what is there; `tags` '-' takes them away. `delay_ms` 0: it may start now. `message`
-- is the one that `expected` becomes; `unique_was` and `unique` are what a task is unique by that has the
-- payload of each. `request` is the caller's, who may have to ask twice. `seen`:
-- when it was changed last (ms), as far as the caller knows; '' for one who does not mind.
-- returns: {state, what was done}: 'done'; 'changed' when somebody has changed it since `seen`;
--          'other' when `expected` is not the message any more; 'like <id>' when it is unique by its payload
--          and would be a second one with that of another task;
--          'expires' when the new time is too late for it; '' when it waits no more
local key = task_key(id)
local state, type, stored, own, expires_at, suspicion, place, last, submitted, updated = unpack(redis.call(
  'HMGET', key, 'state', 'type', 'message', 'priority', 'expires_at', 'suspicion', 'place',
  'change_request', 'submitted_at', 'updated_at'))
if last == request then return { state, 'done' } end
if state ~= 'PENDING' and state ~= 'SCHEDULED' and state ~= 'RETRY' then return { state or '', '' } end
updated = tonumber(updated or submitted)
if seen ~= '' and tonumber(seen) ~= updated then return { state, 'changed' } end
if message ~= '' and stored ~= expected then return { state, 'other' } end
local due = delay_ms ~= '' and NOW + delay_ms
if due and expires_at and due >= tonumber(expires_at) then return { state, 'expires' } end

-- A task that is unique by its payload stands for the new one from now on, and for the old one no more.
local is_unique = unique ~= unique_was
  and redis.call('GET', unique_key(unique_was)) == ROOT:match('{(.*)}$') .. ' ' .. id
local like = is_unique and duplicated({ unique = unique })
if like then return { state, 'like ' .. like[Found.id] } end

-- Written first, because a full Redis refuses it, and then nothing is half done.
redis.call('HSET', key, 'change_request', request, 'updated_at', math.max(NOW, updated + 1))
if state == 'PENDING' and (priority ~= '' or (due and due > NOW)) then give_up_turn(id, type) end
if message ~= '' then redis.call('HSET', key, 'message', message) end
if is_unique then redis.call('RENAME', unique_key(unique_was), unique_key(unique)) end
if tags == '-' then
  redis.call('HDEL', key, 'tags')
elseif tags ~= '' then
  redis.call('HSET', key, 'tags', tags)
end
if priority ~= '' then redis.call('HSET', key, 'priority', priority) end

-- Among those of its new priority it stands where it would if it had always had that one.
local function move_to_priority()
  place = place_among(priority, place, own)
  local on = redis.call('HGET', key, 'blocked_on')
  redis.call('HSET', key, 'place', place)
  redis.call('ZADD', index_key('PENDING'), on and place + BEHIND or place, id)
  if on then redis.call('ZADD', blocked_key(on), place, id) end
end

-- Its lock, or its part of the limits of its type, was that of the payload before.
local function look_at_it_again()
  local on = redis.call('HGET', key, 'blocked_on')
  if on and redis.call('ZSCORE', AWAITED, on) then
    leave(id, state)
    queue_again(id, place)
  end
end

if due and due > NOW then
  leave(id, state)
  redis.call('HDEL', key, 'ready_at') -- the age of an event counts from its new time
  wait_until_due(id, attempt_of(id) > 0 and 'RETRY' or 'SCHEDULED', due)
elseif due and state ~= 'PENDING' then
  redis.call('ZREM', index_key(state), id)
  redis.call('HDEL', key, 'due_at')
  queue_again(id, place_again(id, priority ~= '' and priority or own), suspicion)
else
  if priority ~= '' and state == 'PENDING' then move_to_priority() end
  if message ~= '' and state == 'PENDING' then look_at_it_again() end
  add_event('state', id) -- what moves it has added one already
end
write_down(operation, 1)
return { redis.call('HGET', key, 'state'), 'done' }
