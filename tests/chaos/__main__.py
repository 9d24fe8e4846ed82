"""`python -m tests.chaos`: run a storm and print its verdict; status 0 is PASS, 1 is FAIL."""

import argparse
import os
import random
import subprocess
import sys
import time
from pathlib import Path

from stack.embedded_redis import find_server
from tests.chaos.arena import Arena
from tests.chaos.planted import BUGS, storm_with
from tests.chaos.verdict import render


def main(argv: list[str]) -> int:
    """Run what the arguments ask for."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seconds", type=float, help="how long faults are done (60; planted 30)")
    parser.add_argument("--seed", type=int, help="the faults and the work; default: a new one")
    parser.add_argument("--redis", type=Path, help="the redis-server to use")
    parser.add_argument("--keep", action="store_true", help="keep data and logs after a PASS")
    parser.add_argument("--planted", action="store_true", help="break the engine: each must FAIL")
    arguments = parser.parse_args(argv)
    seed: int = random.randrange(10_000) if arguments.seed is None else arguments.seed
    server: Path = arguments.redis or find_server()
    if arguments.planted:
        return _planted(["--seconds", str(arguments.seconds or 30), "--redis", str(server)], seed)
    return _storm(server, seed, arguments.seconds or 60, keep=arguments.keep)


def _storm(server: Path, seed: int, seconds: float, *, keep: bool) -> int:
    arena = Arena(server)
    os.environ.update(arena.settings)
    from tests.chaos.storm import run  # it imports the engine, which reads the environment

    print(f"seed {seed}; logs and ledger in {arena.folder}, removed after a PASS", flush=True)
    begin = time.monotonic()
    history = run(arena, seed, seconds)
    version = subprocess.run([server, "--version"], capture_output=True, text=True, check=True)
    redis = next(word for word in version.stdout.split() if word.startswith("v="))
    took_s = time.monotonic() - begin
    title = f"FAULT STORM  seed {seed}, {seconds:g} s (with start and calm {took_s:.0f} s), redis"
    verdict = render(history, f"{title} {redis}")
    failed = verdict.endswith("FAIL")
    if not failed and not keep:
        arena.remove()
    print(verdict)
    return int(failed)


def _planted(arguments: list[str], seed: int) -> int:
    """Run a storm for each planted bug; status 0 when all were caught."""
    missed = 0
    for bug in BUGS:
        begin = time.monotonic()
        caught, said = storm_with(bug, [*arguments, "--seed", str(seed)])
        missed += not caught
        took_s = time.monotonic() - begin
        print(f"{'caught' if caught else 'MISSED'} after {took_s:.0f} s: {bug.name}", flush=True)
        told = tuple(f"  {breach.upper()}: " for breach in bug.shows_as)
        lines = [line for line in said.splitlines() if line.startswith(told)]
        print("\n".join(lines[:2] if caught else said.splitlines()[-40:]), flush=True)
    print(f"{len(BUGS) - missed} of {len(BUGS)} planted bugs were caught, seed {seed}")
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
