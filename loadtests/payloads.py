"""What the users submit: the demo task types in a realistic mix, and payloads that are wrong.

Knows the contract's payloads only as a client in another language would: as JSON.
"""

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

#: The published payloads, as they stand. Of each type every second submission is one of these.
_PUBLISHED: dict[str, dict[str, Any]] = {
    "send_email": {
        "to": "user@example.com",
        "subject": "Welcome aboard!",
        "body": "Thanks for signing up.",
    },
    "process_payment": {"user_id": "usr_12345", "amount": 99.99, "currency": "USD"},
    "generate_report": {
        "report_type": "monthly_summary",
        "user_id": "usr_12345",
        "date_range": "last_30_days",
    },
    "data_pipeline": {
        "source": "s3://bucket/input",
        "destination": "s3://bucket/output",
        "record_count": 1000,
    },
}

_NAMES = ("ada", "grace.hopper", "linus+lists", "margaret", "d.knuth", "o'neil", "x")
_DOMAINS = ("example.com", "mail.example.org", "shop.example.net")
_SUBJECTS = (
    "Your invoice",
    "Welcome!",
    "Réinitialisation du mot de passe",
    "ご注文ありがとうございます",
    "🎉 Sale ends today",
    "Re: " * 40 + "hello",
)
_CURRENCIES = ("EUR", "USD", "GBP", "JPY", "CHF")
_SOURCES = ("s3://bucket/input", "postgres://shop/orders", "kafka:clicks", "sftp://partner/in")
_DESTINATIONS = ("s3://bucket/output", "warehouse.orders", "search.index")


@dataclass(frozen=True)
class Submission:
    """The body of one `POST /api/tasks/submit`."""

    task_type: str
    payload: dict[str, Any]
    priority: str | None = None

    @property
    def body(self) -> dict[str, Any]:
        """The JSON object to send."""
        body: dict[str, Any] = {"task_type": self.task_type, "payload": self.payload}
        return body if self.priority is None else {**body, "priority": self.priority}


def _email() -> Submission:
    body = "Dear customer,\n" + "lorem ipsum dolor sit amet " * random.choice((1, 5, 40, 400))
    to = f"{random.choice(_NAMES)}@{random.choice(_DOMAINS)}"
    return Submission("send_email", {"to": to, "subject": random.choice(_SUBJECTS), "body": body})


def _newsletter() -> Submission:
    """Return an e-mail that must not delay the urgent ones."""
    return Submission("send_email", _email().payload, priority="default")


def _payment() -> Submission:
    amount = max(0.01, round(random.lognormvariate(3.5, 1.2), 2))
    user = random.choice((f"usr_{random.randrange(10_000)}", random.randrange(1, 10_000)))
    payload = {"user_id": user, "amount": amount, "currency": random.choice(_CURRENCIES)}
    return Submission("process_payment", payload, random.choice((None, None, "high")))


def _report() -> Submission:
    start = date(2025, 1, 1) + timedelta(days=random.randrange(300))
    end = start + timedelta(days=random.choice((0, 6, 30, 364)))
    dates = {"start": start.isoformat(), "end": end.isoformat()}
    payload = {
        "report_type": random.choice(("monthly_summary", "sales", "inventory", "usage")),
        "user_id": f"usr_{random.randrange(10_000)}",
        "date_range": random.choice(("last_30_days", "this-quarter", dates)),
    }
    return Submission("generate_report", payload)


def _pipeline() -> Submission:
    payload = {
        "source": random.choice(_SOURCES),
        "destination": random.choice(_DESTINATIONS),
        "record_count": random.choice((1, 999, 12_500, 4_000_000)),
    }
    return Submission("data_pipeline", payload)


#: Of a hundred tasks; the arithmetic in `settings` rests on it.
_MIX: dict[Callable[[], Submission], int] = {
    _email: 60,
    _newsletter: 12,
    _payment: 20,
    _report: 4,
    _pipeline: 4,
}

#: What is laid over a good payload to make it wrong; None takes the field away.
_FAULTS: tuple[tuple[Callable[[], Submission], dict[str, Any]], ...] = (
    (_email, {"to": "not an address"}),
    (_email, {"to": None}),
    (_email, {"subject": "two\nlines"}),
    (_email, {"unknown_field": 1}),
    (_payment, {"amount": 0}),
    (_payment, {"amount": 9.999}),
    (_payment, {"currency": "Euro"}),
    (_report, {"date_range": {"start": "2026-02-01", "end": "2026-01-01"}}),
    (_report, {"report_type": "two words"}),
    (_pipeline, {"record_count": 0}),
    (_pipeline, {"record_count": "many"}),
)


#: Task types of the caller's own; while there are any, nothing else is drawn.
_own: list[Submission] = []


def use_types(names: Sequence[str], known: Sequence[dict[str, Any]], payload: str) -> None:
    """Draw tasks of these types only, with `payload` (JSON) or their registered examples.

    Raises ValueError for a type that is not registered, or has no example.
    """
    examples = {one["task_type"]: one["example"] for one in known}
    for name in names:
        own = json.loads(payload) if payload else examples.get(name)
        if name not in examples or own is None:
            raise ValueError(f"LOAD_TYPES: '{name}' is not registered, or has no example")
        _own.append(Submission(name, own))


def draw() -> Submission:
    """Draw a submission that must be accepted."""
    if _own:
        return random.choice(_own)
    varied = random.choices(list(_MIX), list(_MIX.values()))[0]()
    if random.random() < 0.5:
        return varied
    return Submission(varied.task_type, _PUBLISHED[varied.task_type], varied.priority)


def draw_bad() -> Submission:
    """Draw a submission that must be answered 422."""
    good, fault = random.choice(_FAULTS)
    submission = good()
    payload = {
        name: value for name, value in {**submission.payload, **fault}.items() if value is not None
    }
    return Submission(submission.task_type, payload, submission.priority)
