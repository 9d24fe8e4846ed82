"""The fault storm: `make chaos`, or `python -m tests.chaos --seconds 20 --seed 7`.

A small stack of its own is hit with faults for a while: processes are killed and frozen, clients
push without end, nobody reads a log, and tasks harm the workers that they run in. Then every
accepted task is accounted for, against a ledger of effects that the tasks kept outside Redis.

`schedule` says what is done to the stack, `storm` does it, `checker` judges the history, `verdict`
prints it, `planted` breaks the engine on purpose to see that the checker notices. For several seeds
and servers in a row, with one table at the end, which `summary` makes:

    python -m tests.chaos --seeds 1-5 --seconds 60 --redis redis-server --redis valkey-server \\
        --json storms.json
"""
