-- The keys of one queue, as keys.py has them; every script begins with this part.
-- Scripts read and check before they write, because a Lua error undoes nothing.
local ROOT = KEYS[1]

local function task_key(id) return ROOT .. ':task:' .. id end
local function log_key(id) return ROOT .. ':log:' .. id end
local function index_key(state) return ROOT .. ':state:' .. state end
local function consumer_key(consumer) return ROOT .. ':consumer:' .. consumer end
local SUBMITTED, DEAD, CONSUMERS = ROOT .. ':submitted', ROOT .. ':dead', ROOT .. ':consumers'
local COUNTERS, CONTROL, DATASET = ROOT .. ':counters', ROOT .. ':control', ROOT .. ':dataset'
