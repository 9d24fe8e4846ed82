"""The Lua scripts as Python functions, by noun."""
