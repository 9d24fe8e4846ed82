-- room: whether a queue takes tasks from outside now; stores none
-- args: room
-- with: room
-- `room`: the bounds, as room.py writes them.
-- returns: a Refusal of protocol.py, or nothing when it takes them
return refusal(ROOT, room) or {}
