"""The settings of the load test, from LOAD_* variables, and why their defaults are what they are.

A queue finishes (workers / mean seconds of work per task) tasks a second. With DEMO_SPEED=1, the
default workers, and the mix of `payloads` (of 100 tasks 60 e-mails and 20 payments on high, 12
e-mails on default, 8 reports and pipelines on low), retries included:

    high     4 / (0.75 * 2 s / 0.9 + 0.25 * 3 s * 1.248) = 4 / 2.60 s = 1.54/s, fed by 80 %: 1.92/s
    default  2 / (2 s / 0.9)                             = 2 / 2.22 s = 0.90/s, fed by 12 %: 7.5/s
    low      2 / (0.5 * 12 s + 0.5 * 15 s)               = 2 / 13.5 s = 0.148/s, fed by 8 %: 1.85/s

So 1.85 tasks a second in all is where low fills up. 10 users who think 6 s each submit 1.6/s, 96
in the minute: busy, not hopeless. After it a pipeline runs 20 s, and one or two wait in front of
it; a payment's three retries wait 14 s, an e-mail's first four 30 s. Typically all has ended
after 10 to 50 s, and the deadline is 120 s. For a faster stack raise LOAD_USERS or lower
LOAD_THINK_S in proportion to DEMO_SPEED or to the workers; retries wait as long at any speed.

The scenario `burst` asks another question: do 500 callers who come in the same instant all get
their 202? It submits 500 tasks, some five minutes of work for the default workers at DEMO_SPEED=1,
and ends with a backlog then; that fails nothing.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Scenario:
    """A scenario: what it does, in words, and its own defaults."""

    about: str
    users: int
    spawn_rate: float
    ends_when_answered: bool = False  # else after LOAD_TIME
    sockets: int = 2
    streams: int = 0

    def doing(self, users: int, think_s: float) -> str:
        """Say what happens, with numbers."""
        return self.about.format(users=users, think_s=think_s)


SCENARIOS = {
    "steady": Scenario("{users} users who think {think_s:g} s, cancel and watch", 10, 4),
    "burst": Scenario(
        "{users} users who submit one task each in the same instant", 500, 500, True
    ),
    "flood": Scenario(
        "LOAD_FLOOD low tasks, while high ones are submitted before and during it", 2, 10, True
    ),
    "retries": Scenario(
        "{users} tasks at once, of which many fail and come back together", 500, 500, True
    ),
    "sockets": Scenario(
        "{users} users who think {think_s:g} s, while many sockets and streams are open",
        10, 200, sockets=500, streams=500,
    ),
    "repeats": Scenario(
        "{users} users who race with the same LOAD_KEYS idempotency keys", 20, 100, True
    ),
}  # fmt: skip

#: What `make load SCENARIO=help` prints.
HELP = """
Scenarios (make load SCENARIO=flood LOAD_FLOOD=1000 ARGS="--html load.html"):
{scenarios}
Settings, from the environment; defaults differ by scenario:
  LOAD_HOST         http://127.0.0.1:$PORT    LOAD_API_KEY      none
  LOAD_USERS        10 of steady; 500 of burst and retries
  LOAD_TIME         60s, of steady and sockets
  LOAD_THINK_S      6 s, the mean pause of a user between two submissions, from half to one and
                    a half times that
  LOAD_SOCKETS      2 open dashboards         LOAD_STREAMS      0 streams; sockets: 500 of each
  LOAD_SPAWN_RATE   4 users/s; burst: 500     LOAD_POLLS_PER_S  50, by all users together
  LOAD_DRAIN_S      120 s at most are the tasks waited for; what is left is a backlog, not lost
  LOAD_TYPES        your own task types, separated by commas, with their registered examples;
                    LOAD_PAYLOAD, in JSON, is sent instead of an example
  LOAD_FLOOD        100000 low tasks          LOAD_PROBES       200 high tasks without, 200 with it
  LOAD_KEYS         100 keys of repeats
Thresholds, which fail a run:
  LOAD_MAX_SUBMIT_S 10 s, p99 of a submit     LOAD_MAX_WAIT_S   1 s, p99 of the wait of high in the
                    flood, above its p99 without it
A lost task, a 5xx, two tasks of one key, and a socket or stream that did not open fail a run, too.
More tasks submitted than done is a backlog, which fails nothing.
"""


@dataclass(frozen=True)
class Settings:
    """How much load, where, and how long to wait for its end. Units are in the names."""

    scenario: str  # one of SCENARIOS
    host: str
    users: int
    sockets: int
    spawn_rate: float  # users started a second
    time: str  # as Locust writes it: 60s, 1m30s
    think_s: float  # mean pause of a user between two submissions
    polls_per_s: float  # at most, by all users together
    drain_s: float  # from the last submission until every task must have ended
    api_key: str
    streams: int
    types: tuple[str, ...]  # task types instead of the demo's
    payload: str  # JSON, instead of the example of each type
    flood: int  # low tasks
    probes: int  # high tasks before the flood, and as many during it
    keys: int  # of repeats
    max_submit_s: float  # p99 that fails a run when it is exceeded
    max_wait_s: float  # by how much the flood may lengthen the p99 of the wait of high

    @classmethod
    def from_env(cls, environ: Mapping[str, str] = os.environ) -> "Settings":
        """Read LOAD_HOST, LOAD_USERS and so on; LOAD_HOST follows PORT when it is not set.

        Raises SystemExit with one line for a value that does not fit.
        """

        def number(name: str, default: float, least: float) -> float:
            text = environ.get(name) or str(default)
            try:
                value = float(text)
            except ValueError:
                value = float("nan")
            if not least <= value < float("inf"):
                raise SystemExit(
                    f"load: {name}={text!r} is not right: it takes a number from {least:g}."
                )
            return value

        port = environ.get("PORT") or "8000"
        scenario = environ.get("SCENARIO") or "steady"
        if scenario == "help":
            lines = (f"  {name:<9} {one.about}" for name, one in SCENARIOS.items())
            text = "\n".join(lines).replace("{users}", "LOAD_USERS")
            print(HELP.format(scenarios=text.replace("{think_s:g} s", "LOAD_THINK_S")))
            raise SystemExit(0)
        if scenario not in SCENARIOS:
            names = ", ".join(SCENARIOS)
            raise SystemExit(f"load: SCENARIO={scenario!r} is not right: it is one of {names}.")
        own = SCENARIOS[scenario]
        fixed = scenario == "flood"  # one floods, one submits high tasks
        return cls(
            scenario=scenario,
            host=(environ.get("LOAD_HOST") or f"http://127.0.0.1:{port}").rstrip("/"),
            users=own.users if fixed else int(number("LOAD_USERS", own.users, 1)),
            sockets=int(number("LOAD_SOCKETS", own.sockets, 0)),
            spawn_rate=number("LOAD_SPAWN_RATE", own.spawn_rate, 0.1),
            time=environ.get("LOAD_TIME") or ("24h" if own.ends_when_answered else "60s"),
            think_s=number("LOAD_THINK_S", 6, 0),
            polls_per_s=number("LOAD_POLLS_PER_S", 50, 1),
            drain_s=number("LOAD_DRAIN_S", 120, 0),
            api_key=environ.get("LOAD_API_KEY", ""),
            streams=int(number("LOAD_STREAMS", own.streams, 0)),
            types=tuple(one for one in environ.get("LOAD_TYPES", "").split(",") if one),
            payload=environ.get("LOAD_PAYLOAD", ""),
            flood=int(number("LOAD_FLOOD", 100_000, 1)),
            probes=int(number("LOAD_PROBES", 200, 1)),
            keys=int(number("LOAD_KEYS", 100, 1)),
            max_submit_s=number("LOAD_MAX_SUBMIT_S", 10, 0),
            max_wait_s=number("LOAD_MAX_WAIT_S", 1, 0),
        )
