-- What a script has answered to a request, for a minute. A change that leaves nothing behind is known by
-- it: the same request again, because its answer got lost, gets the same answer and changes nothing.
local function answered_key(request) return ROOT .. ':answered:' .. request end

local function answered(request) return redis.call('GET', answered_key(request)) end

local function remember_answered(request, answer)
  redis.call('SET', answered_key(request), answer, 'PX', 60000)
end
