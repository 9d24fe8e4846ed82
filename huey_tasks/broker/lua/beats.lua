-- beats: the consumers that have not left, and how long ago each has said that it is here
-- args: most
-- with: clock
-- returns: {id, milliseconds} for each, the latest first; writes nothing
local beats = {}
local found = redis.call('ZREVRANGE', CONSUMERS, 0, most - 1, 'WITHSCORES')
for at = 1, #found, 2 do
  beats[#beats + 1] = { found[at], math.max(0, NOW - found[at + 1]) }
end
return beats
