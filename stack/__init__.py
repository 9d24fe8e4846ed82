"""The whole of Duckline on one machine, in the foreground: what `make run` and `make dev` start.

Owns child processes, the embedded Redis, ports and the aggregated log. It neither imports Flask or
redis nor knows what a task is: a stack is a list of commands.
"""

from stack.up import up

__all__ = ["up"]
