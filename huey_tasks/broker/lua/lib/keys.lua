-- The keys of one queue, as keys.py has them; every script begins with this part.
-- Scripts read and check before they write, because a Lua error undoes nothing.
local ROOT = KEYS[1]

-- The keys of other queues, and those of all queues, are on the same server. '' is this queue.
local PREFIX = ROOT:match('^(.*):{')
local function root_of(queue)
  if not queue or queue == '' then return ROOT end
  return PREFIX .. ':{' .. queue .. '}'
end

local function task_key(id, root) return (root or ROOT) .. ':task:' .. id end
local function log_key(id) return ROOT .. ':log:' .. id end
local function partials_key(id) return ROOT .. ':partials:' .. id end
local function answer_key(id) return ROOT .. ':answer:' .. id end
local function outcome_key(id, token) return PREFIX .. ':outcome:' .. id .. ':' .. token end
local function watched_key(name) return PREFIX .. ':watched:' .. name end
local function index_key(state, root) return (root or ROOT) .. ':state:' .. state end
local function consumer_key(consumer) return ROOT .. ':consumer:' .. consumer end
local SUBMITTED = ROOT .. ':submitted'
local DEAD = ROOT .. ':dead'
local CONSUMERS = ROOT .. ':consumers'
local COUNTERS = ROOT .. ':counters'
local OPEN = PREFIX .. ':open'
local FAIR = PREFIX .. ':fair'
local CONTROL = ROOT .. ':control'
local EXPIRING = ROOT .. ':expiring'
local DATASET = ROOT .. ':dataset'
-- The channel of what callers wait for: the id of a task that has ended; "<id> piece".
local ENDS = ROOT .. ':ends'
