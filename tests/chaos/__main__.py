"""`python -m tests.chaos`: run storms and print their verdicts; status 0 is PASS, 1 is FAIL.

With `--seeds 1-5`, or several times `--redis`, one storm after the other, and a table at the end.
"""

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from duckline.stack.embedded_redis import find_server
from tests.chaos import summary
from tests.chaos.arena import Arena
from tests.chaos.checker import Checker
from tests.chaos.planted import BUGS, storm_with
from tests.chaos.verdict import render


def main(argv: list[str]) -> int:
    """Run what the arguments ask for."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seconds", type=float, help="how long faults are done (60; planted 30)")
    parser.add_argument("--seed", "--seeds", type=_seeds, dest="seeds", metavar="SEEDS",
                        help="the faults and the work: 7, 1-5 or 2,3 (default: new)")  # fmt: skip
    parser.add_argument("--redis", type=Path, action="append", help="the redis-server to use")
    parser.add_argument("--json", type=Path, help="keep the figures in this file")
    parser.add_argument("--keep", action="store_true", help="keep data and logs after a PASS")
    parser.add_argument("--planted", action="store_true", help="break the engine: each must FAIL")
    arguments = parser.parse_args(argv)
    seeds: list[int] = arguments.seeds or [random.randrange(10_000)]
    servers: list[Path] = arguments.redis or [find_server()]
    seconds: float = arguments.seconds or (30 if arguments.planted else 60)
    if arguments.planted:
        return _planted(["--seconds", str(seconds), "--redis", str(servers[0])], seeds[0])
    if len(seeds) == len(servers) == 1:
        return _storm(servers[0], seeds[0], seconds, arguments.json, keep=arguments.keep)
    more = ["--keep"] if arguments.keep else []
    return _storms(servers, seeds, ["--seconds", str(seconds), *more], arguments.json)


def _seeds(text: str) -> list[int]:
    seeds: list[int] = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        seeds += range(int(first), int(last or first) + 1)
    return seeds


def _storm(server: Path, seed: int, seconds: float, file: Path | None, *, keep: bool) -> int:
    arena = Arena(server)
    os.environ.update(arena.settings)
    from tests.chaos.storm import run  # it imports the engine, which reads the environment

    print(f"seed {seed}; logs and ledger in {arena.folder}, removed after a PASS", flush=True)
    begin = time.monotonic()
    history = run(arena, seed, seconds)
    redis = _version(server)
    took_s = time.monotonic() - begin
    title = f"FAULT STORM  seed {seed}, {seconds:g} s (with start and calm {took_s:.0f} s), {redis}"
    verdict = render(history, title)
    if file is not None:
        summary.write([summary.summarise(Checker(history), redis, seed, seconds)], file)
    failed = verdict.endswith("FAIL")
    if not failed and not keep:
        arena.remove()
    print(verdict)
    return int(failed)


def _version(server: Path) -> str:
    """Which server, such as `Redis 7.0.15`."""
    shown = subprocess.run([server, "--version"], capture_output=True, text=True, check=True)
    words = shown.stdout.split()
    return f"{words[0]} {next(word[2:] for word in words if word.startswith('v='))}"


def _storms(servers: list[Path], seeds: list[int], options: list[str], file: Path | None) -> int:
    """Run a storm for each server and seed, each in a process of its own."""
    done: list[summary.Summary] = []
    broken = 0
    with tempfile.TemporaryDirectory(prefix="duckline-storms-") as folder:
        report = Path(folder) / "summary.json"
        for server in servers:
            for seed in seeds:
                report.unlink(missing_ok=True)
                storm = ["--seed", str(seed), "--redis", str(server), "--json", str(report)]
                subprocess.run([sys.executable, "-m", "tests.chaos", *storm, *options], check=False)
                if report.exists():
                    done += summary.read(report)
                else:
                    broken += 1
                    print(f"seed {seed} on {server} came to no verdict", flush=True)
                if file is not None:
                    summary.write(done, file)
    print(summary.table(done))
    return int(broken > 0 or not all(one.passed for one in done))


def _planted(arguments: list[str], seed: int) -> int:
    """Run a storm for each planted bug; status 0 when all were caught."""
    missed = 0
    for bug in BUGS:
        begin = time.monotonic()
        caught, said = storm_with(bug, [*arguments, "--seed", str(seed)])
        missed += not caught
        took_s = time.monotonic() - begin
        print(f"{'caught' if caught else 'MISSED'} after {took_s:.0f} s: {bug.name}", flush=True)
        markers = tuple(f"  {breach.upper()}: " for breach in bug.shows_as)
        lines = [line for line in said.splitlines() if line.startswith(markers)]
        print("\n".join(lines[:2] if caught else said.splitlines()[-40:]), flush=True)
    print(f"{len(BUGS) - missed} of {len(BUGS)} planted bugs were caught, seed {seed}")
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
