-- found: whether a submit has happened before; writes nothing
-- args: once
-- with: once
-- returns: the fields of Found in protocol.py, or {}
local decoded = cjson.decode(once)
return replayed(decoded) or duplicated(decoded) or {}
