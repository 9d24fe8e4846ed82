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

#: What `make load SCENARIO=help` prints.
HELP = """
Settings of this load test, from the environment (make load SCENARIO=burst LOAD_HOST=http://…):
  SCENARIO          steady (default): people who submit, cancel and watch; burst: LOAD_USERS
                    submit one task each in the same instant
  LOAD_HOST         http://127.0.0.1:$PORT    LOAD_API_KEY      none
  LOAD_USERS        10; burst: 500            LOAD_TIME         60s, of steady
  LOAD_THINK_S      6 s, the mean pause of a user between two submissions, from half to one and
                    a half times that
  LOAD_SOCKETS      2 open dashboards         LOAD_SPAWN_RATE   4 users/s; burst: 500
  LOAD_DRAIN_S      120 s at most are the tasks waited for; what is left is a backlog, not lost
  LOAD_POLLS_PER_S  50, by all users together
"""

_SCENARIOS = ("steady", "burst")


@dataclass(frozen=True)
class Settings:
    """How much load, where, and how long to wait for its end. Units are in the names."""

    scenario: str  # steady or burst
    host: str
    users: int
    sockets: int
    spawn_rate: float  # users started a second
    time: str  # as Locust writes it: 60s, 1m30s
    think_s: float  # mean pause of a user between two submissions
    polls_per_s: float  # at most, by all users together
    drain_s: float  # from the last submission until every task must have ended
    api_key: str

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
            print(HELP)
            raise SystemExit(0)
        if scenario not in _SCENARIOS:
            raise SystemExit(f"load: SCENARIO={scenario!r} is not right: it is steady or burst.")
        burst = scenario == "burst"
        return cls(
            scenario=scenario,
            host=(environ.get("LOAD_HOST") or f"http://127.0.0.1:{port}").rstrip("/"),
            users=int(number("LOAD_USERS", 500 if burst else 10, 1)),
            sockets=int(number("LOAD_SOCKETS", 2, 0)),
            spawn_rate=number("LOAD_SPAWN_RATE", 500 if burst else 4, 0.1),
            time=environ.get("LOAD_TIME") or "60s",
            think_s=number("LOAD_THINK_S", 6, 0),
            polls_per_s=number("LOAD_POLLS_PER_S", 50, 1),
            drain_s=number("LOAD_DRAIN_S", 120, 0),
            api_key=environ.get("LOAD_API_KEY", ""),
        )
