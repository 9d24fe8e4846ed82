-- key_request: takes one request out of what an API key may send now
-- args: id rate per_ms
-- with: clock type_limits
-- `rate` requests in `per_ms`: a full bucket at once, then one after the other as it fills.
-- returns: 0; or in how many ms there is room for one, when there is none now
local limit, name = { rate = tonumber(rate), per_ms = tonumber(per_ms) }, 'key:' .. id
local left = tokens(limit, name)
if left < 1 then return math.ceil((1 - left) * limit.per_ms / limit.rate) end
redis.call('HSET', tokens_key(name), 'left', string.format('%.6f', left - 1), 'at', AT)
redis.call('PEXPIRE', tokens_key(name), math.ceil(limit.per_ms * 2))
return 0
