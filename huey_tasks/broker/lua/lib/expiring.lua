-- Tasks that end unless they are started in time.
-- with: blocked fair finish

-- Ends one that waits, and that `is_too_late`.
local function expire(id, state, type)
  leave(id, state)
  give_up_turn(id, type)
  finish(id, 'EXPIRED', 'it was not started in time')
end
