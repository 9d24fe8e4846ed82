"""How fast a page of a search is among a million finished tasks: `python -m benchmarks.search`.

Fills a private Redis with synthetic ended tasks and their history, as the scripts would have left
them, and times pages of `tq.search_tasks`. `--tasks` takes another number. Needs some 2 GB for a
million. Measures Duckline alone; writes nothing but its table.
"""

import argparse
import os
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.private_redis import PrivateRedis

#: Fills a queue with ARGV[2] tasks from number ARGV[1] on; they ended over the last 24 hours.
FILL = """
local root, first, number, total, now = KEYS[1], ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local types = { 'resize_image', 'send_email', 'generate_report', 'process_payment' }
for n = first, first + number - 1 do
  local id = string.format('%08x-0000-4000-8000-%012x', (n * 2654435761) % 4294967296, n)
  local state = n % 50 == 0 and 'FAILURE' or n % 97 == 0 and 'REVOKED' or 'SUCCESS'
  local type = n % 20000 == 7 and 'rare_type' or types[n % 4 + 1]
  local at = math.floor(now - (total - n) * 86400000 / total)
  redis.call('HSET', root .. ':task:' .. id, 'message',
    '{"$message":{"id":"' .. id .. '","name":"' .. type .. '","kwargs":{"user_id":' .. n % 5000 ..
    ',"body":"Dear Ada, this is a text of a common length."}}}',
    'type', type, 'max_attempts', 3, 'retry_delay_s', 2,
    'submitted_at', at, 'state', state, 'place', n, 'queued_at', at, 'token', '', 'attempt', 1,
    'deliveries', 1, 'started_at', at + 5, 'finished_at', at + 5 + n % 3000,
    'outcome', 'high@bench-aaaaaa/' .. n % 4 .. '/bb/1.1',
    'reason', state == 'FAILURE' and "ValueError('no answer from " .. n % 7 .. "')" or '')
  redis.call('ZADD', root .. ':submitted', at, id)
  redis.call('ZADD', root .. ':state:' .. state, at + 5 + n % 3000, id)
  local hour = root .. ':history:hour:' .. math.floor(at / 3600000)
  local sums = cjson.decode(redis.call('HGET', hour, type) or '{"SUBMITTED":0}')
  redis.call('HSET', hour, type, cjson.encode({ SUBMITTED = sums.SUBMITTED + 1 }))
end
"""

HOUR = 3600.0


def main() -> None:
    """Fill, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, PrivateRedis(Path(folder)) as server:
        server.client().config_set("appendonly", "no")
        os.environ.update(REDIS_URL=server.url(0), RESULT_REDIS_URL=server.url(1))
        begun = time.monotonic()
        now_s = _fill(server.client(), options.tasks)
        megabytes = server.client().info("memory")["used_memory"] / 1e6
        took_s = time.monotonic() - begun
        print(f"{options.tasks:,} ended tasks in {took_s:.0f} s, {megabytes:.0f} MB\n")
        print(f"{'search':62} {'found':>5} {'scanned':>8} {'whole':>5} {'p50':>6} {'most':>6} ms")
        for title, query in _searches(now_s):
            _measure(title, query, options.rounds)


def _fill(client: Any, total: int, step: int = 5000) -> float:
    now_s = time.time()
    fill = client.register_script(FILL)
    for first in range(0, total, step):
        number = min(step, total - first)
        fill(keys=["duckline:{default}"], args=[first, number, total, round(now_s * 1000)])
    return now_s


def _searches(now_s: float) -> list[tuple[str, dict[str, Any]]]:
    import datetime as dt

    def ago(hours: float) -> dt.datetime:
        return dt.datetime.fromtimestamp(now_s - hours * HOUR, dt.UTC)

    window = {"submitted_after": ago(13), "submitted_before": ago(12)}
    return [
        ("the newest", {}),
        ("state:failure", {"q": "state:failure"}),
        ("state:failure type:generate_report", {"q": "state:failure type:generate_report"}),
        ("state + type + one hour, half a day ago",
         {"q": "state:success type:send_email", **window}),
        ("state (1 in 50) + type (1 in 4) + that hour",
         {"q": "state:failure type:generate_report", **window}),
        ("type with 1 task in 20,000", {"q": "type:rare_type"}),
        ("type with 1 task in 20,000 + state + that hour",
         {"q": "type:rare_type state:success", **window}),
        ("a type that there is not", {"q": "type:nowhere state:success"}),
        ("by their end: state + type", {"q": "state:revoked type:send_email", "sort": "finished"}),
        ("payload.user_id:42 (1 in 5,000)", {"q": "payload.user_id:42"}),
        ('error:"from 3" state:failure', {"q": 'error:"from 3" state:failure'}),
        ("worker:high@bench-aaaaaa/3 dur:>2s", {"q": "worker:high@bench-aaaaaa/3 dur:>2s"}),
    ]  # fmt: skip


def _measure(title: str, query: dict[str, Any], rounds: int) -> None:
    import huey_tasks as tq

    took: list[float] = []
    page = tq.search_tasks(**query)
    for _ in range(rounds):
        begun = time.perf_counter()
        page = tq.search_tasks(**query)
        took.append((time.perf_counter() - begun) * 1000)
    whole = "yes" if page.complete else "no"
    print(
        f"{title:62} {len(page.tasks):5} {page.scanned:8,} {whole:>5} "
        f"{statistics.median(took):6.1f} {max(took):6.1f}"
    )


if __name__ == "__main__":
    main()
