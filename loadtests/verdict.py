"""The verdict: what an operator reads after a run, and the exit code that CI reads.

A lost task or a 5xx fails the run, and so does a run in which nothing was accepted: it has tested
nothing. Lost is a task that was accepted and is answered with 404; one that has not ended yet is
part of the backlog. Everything else is shown and left to the reader.
"""

from collections import Counter
from collections.abc import Sequence

from loadtests.ledger import TERMINAL, Entry, Ledger
from loadtests.settings import Settings
from loadtests.thresholds import exceeded, of_scenario, percentiles

_SHOWN = 10
_INDENT = "\n" + 19 * " "


def exit_code(ledger: Ledger, settings: Settings) -> int:
    """Return 1 when the run has failed, else 0."""
    return 1 if failures(ledger, settings) else 0


def failures(ledger: Ledger, settings: Settings) -> list[str]:
    """List the reasons why the run has failed, each a phrase."""
    lost = len(ledger.gone_entries())
    errors = ledger.server_errors.total()
    reasons: list[str] = []
    if lost:
        reasons.append(f"{lost} lost {'task' if lost == 1 else 'tasks'}")
    if errors:
        reasons.append(f"{errors} {'answer' if errors == 1 else 'answers'} of 5xx")
    if not ledger.entries:
        reasons.append("no task was accepted, so nothing was tested")
    return reasons + (exceeded(ledger, settings) if ledger.entries else [])


def render(ledger: Ledger, settings: Settings) -> str:
    """Write the whole verdict, in lines of at most about 100 characters."""
    rows = [*_submissions(ledger), *_ends(ledger), *_answers(ledger), _sockets(ledger)]
    rows += of_scenario(ledger, settings)
    lines = [f"  {name:<16} {value}".rstrip() for name, value in rows]
    return "\n".join(["", "VERDICT", *lines, _last_line(ledger, settings)])


def _submissions(ledger: Ledger) -> list[tuple[str, str]]:
    types = Counter(entry.task_type for entry in ledger.entries.values())
    cut_off = ledger.submitted - ledger.settled
    return [
        ("submitted", f"{ledger.submitted}   {cut_off} cut off unanswered"),
        ("accepted", f"{len(ledger.entries)}   {_tally(types)}".rstrip()),
        ("refused (422)", f"{ledger.refused}   bad on purpose"),
        ("submit took", percentiles(ledger.submit_s)),
    ]


def _ends(ledger: Ledger) -> list[tuple[str, str]]:
    ended, live, gone = ledger.ended(), ledger.open_entries(), ledger.gone_entries()
    revoked = sum(entry.cancelled for entry in ledger.entries.values())
    still = _tally(Counter(entry.status for entry in live))
    states = ", ".join(f"{state} {ended[state]}" for state in TERMINAL)
    lost = f"{len(gone)}   answered 404 after their 202" if gone else "0"
    return [
        ("ended", f"{ended.total()}   {states}"),
        ("submit to finish", percentiles(ledger.took_s())),
        ("drain", f"{ledger.drained_s:.0f} s after the last submission"),
        ("cancels", f"{revoked} revoked, {ledger.too_late_to_cancel} too late (409)"),
        ("backlog", f"{len(live)}   {still}".rstrip() + _ids(live)),
        ("lost", f"{lost}{_ids(gone)}"),
    ]


def _ids(entries: Sequence[Entry]) -> str:
    lines = [f"{entry.task_id}  {entry.task_type}" for entry in entries[:_SHOWN]]
    if len(entries) > _SHOWN:
        lines.append(f"and {len(entries) - _SHOWN} more")
    return "".join(f"{_INDENT}{line}" for line in lines)


def _answers(ledger: Ledger) -> list[tuple[str, str]]:
    return [
        ("5xx", _counted(ledger.server_errors)),
        ("asked to wait", _counted(ledger.asked_to_wait)),
        ("gave up", _counted(ledger.gave_up)),
        ("unexpected", _counted(ledger.surprises())),
    ]


def _sockets(ledger: Ledger) -> tuple[str, str]:
    seen = ledger.sockets
    text = (
        f"{seen.frames} frames on {seen.opened} sockets: {seen.missed} missed, "
        f"{seen.incomplete.total()} incomplete, {seen.without_redis} without Redis"
        f"{_INDENT}{seen.closed} sockets closed by the service"
    )
    return "WebSocket", text + _itemised(seen.incomplete)


def _counted(counter: Counter[str]) -> str:
    return f"{counter.total()}{_itemised(counter)}"


def _itemised(counter: Counter[str]) -> str:
    return "".join(f"{_INDENT}{count} x {what}" for what, count in counter.most_common(_SHOWN))


def _tally(counter: Counter[str]) -> str:
    return ", ".join(f"{what} {count}" for what, count in counter.most_common())


def _last_line(ledger: Ledger, settings: Settings) -> str:
    if reasons := failures(ledger, settings):
        return f"FAIL: {'; '.join(reasons)}."
    sockets = ledger.sockets
    odd = ledger.surprises().total() + ledger.gave_up.total()
    odd += sockets.missed + sockets.incomplete.total()
    backlog = len(ledger.open_entries())
    backlog += ledger.flood.waiting or 0
    ended = f"a backlog of {backlog} is left" if backlog else "every accepted task has ended"
    passed = f"PASS: no task was lost, {ended}, and there was no 5xx."
    oddities = "1 oddity" if odd == 1 else f"{odd} oddities"
    return passed if not odd else f"{passed[:-1]}; but look at the {oddities} above."
