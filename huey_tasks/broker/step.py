"""The step of a worker: what it asks of Redis, and what Redis answers. Knows nothing of Redis."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from huey_tasks.broker.protocol import Argument, Commit


class Answer(NamedTuple):
    """What a step returns."""

    accepted: list[bool]  # for each commit; False: the lease was lost
    claims: list[bytes]  # each for `Claim.read`
    revocations: bool  # whether anything is revoked in Huey's way, so that it must be looked up


class Step(NamedTuple):
    """What a worker asks of Redis in one round trip: commit these attempts, and claim tasks.

    It claims one task, or several if `worth` says that they are short (JSON, milliseconds by
    type, see `Pace.worth`); with `only`, one of those that wait for such a worker. A worker whose
    consumer `announces` which types it knows claims no others, also while Redis has no record of
    it. `sequence` grows by one with every new step of a slot.
    """

    queue: str
    slot: str
    sequence: int
    commits: "list[Commit]"
    want: int  # how many tasks to claim, at most
    lease_ms: int
    ttl_ms: int
    databases: str  # see `Broker.databases`
    outcomes: Sequence[bytes]  # of each commit, b"" for none; empty if all are stored before
    worth: str = "{}"
    only: str = ""
    announces: bool = False

    def arguments(self) -> dict[str, Argument]:
        """Return the named arguments of the script."""
        return {
            "slot": self.slot,
            "sequence": self.sequence,
            "lease_ms": self.lease_ms,
            "want": self.want,
            "ttl_ms": self.ttl_ms,
            "worth": self.worth,
            "only": self.only,
            "databases": self.databases if self.outcomes else "",
            "announces": int(self.announces),
        }

    def sent(self) -> list[Argument]:
        """Return the commits as further arguments, behind those with names."""
        outcomes = self.outcomes or [b""] * len(self.commits)
        pairs = zip(self.commits, outcomes, strict=True)
        return [text for commit, outcome in pairs for text in commit.sent(outcome)]


_YES = ord("1")


def answer_of(reply: list[Any]) -> Answer:
    """Return what the reply of `step` says."""
    accepted, claims, revocations = reply
    flags = [digit == _YES for digit in accepted]
    return Answer(flags, claims, bool(revocations))
