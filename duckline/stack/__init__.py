"""Run all of Duckline on one machine, in the foreground: `make run` and `make dev`.

Owns child processes, the embedded Redis, ports and the aggregated log. It imports neither Flask nor
redis and does not know what a task is: a stack is a list of commands.
"""
