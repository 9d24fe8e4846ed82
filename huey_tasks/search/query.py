"""The search language: `state:failure type:send_email payload.user_id:42 -worker:high age:<1h`.

Owns the words, the values of each, and the conditions that the script reads. Does not know Redis
keys or tasks. A word before a colon names the field to search; without a word, the error and the
type are searched. A task matches if it matches one value of each word; a leading `-` excludes.
"""

import difflib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from huey_tasks.access.roles import Reach
from huey_tasks.broker.keys import queue_names
from huey_tasks.broker.states import LIVE, TERMINAL
from huey_tasks.errors import InvalidQuery, Problem

#: Characters of a whole search, and terms in it: more than anyone types.
MAX_CHARS, MAX_TERMS = 1000, 30

STATES = (*LIVE, *TERMINAL)

#: The names of the states on the pages (static/js/texts/states.js), which a search accepts too.
LABELS = {
    "WAITING": "PENDING", "RUNNING": "STARTED", "RETRYING": "RETRY", "SUCCEEDED": "SUCCESS",
    "FAILED": "FAILURE", "CANCELLED": "REVOKED", "CANCELED": "REVOKED",
}  # fmt: skip


def state_named(word: str) -> str:
    """Return the state that the API or a page calls so, in any case; any other word as it is."""
    state = word.upper()
    state = LABELS.get(state, state)
    return state if state in STATES else word


#: The words, and the values of each, for people.
WORDS = {
    "state": "waiting, running, retrying, scheduled, success, failed, cancelled or expired "
    "(or as the API calls them: pending, started, retry, failure, revoked)",
    "queue": "the name of a queue",
    "type": "the full name of a task type",
    "tag": "a full tag",
    "worker": "a worker or consumer, or its name up to a '@', '-' or '/'",
    "id": "a task id, or its beginning",
    "error": "part of the error",
    "cause": "the fingerprint of a failure group",
    "flow": "the id of a flow",
    "payload.<field>": "the value of that field of the payload, as text, or payload.amount:>5",
    "age": "time since the submission: age:<1h, age:>5m",
    "dur": "duration of the last attempt: dur:>2s",
    "wait": "time in its queue before it started: wait:>500ms",
}

_ALL = "different words must all match, several values of one word mean any of them, '-' excludes."
#: What other searches have between two terms; here it would be looked for in the error.
_OPERATORS = {
    word: f"There is no '{word}' in a search: {_ALL} In quotation marks it is a text."
    for word in ("AND", "OR", "NOT", "&&", "||")
}

#: What the API calls the same thing, which people try as a word.
_FIELDS = {
    "status": "state", "priority": "queue", "task_type": "type", "task_id": "id", "tags": "tag",
    "payload": "payload.<field>", "duration": "dur", "flow_id": "flow",
}  # fmt: skip

_TOKEN = re.compile(
    r'(?P<no>-?)(?:(?P<word>[A-Za-z_]+(?:\.[^\s:"]+)?):)?'
    r'(?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<plain>[^\s"]*))(?:\s+|$)'
)
_SPAN = re.compile(r"([<>])=?(\d{1,9}(?:\.\d{1,6})?)(ms|s|m|h|d)")
#: A comparison with a number in the payload; in quotation marks it is a text.
_COMPARISON = re.compile(r"([<>]=?)(-?\d{1,20}(?:\.\d{1,20})?)")
#: The values that something may have; with another one nothing would ever be found.
_SHAPES = {
    "type": (r"[^*?<>|,]+", "the whole name of a task type; there are no wildcards"),
    "tag": (r'[^\s,"\\]+', "one whole tag, which has no spaces, commas, quotes and backslashes"),
    "worker": (r"[^\s*?<>|,]+", f"{WORDS['worker']}; there are no wildcards"),
    "id": (r"[0-9a-fA-F-]{1,36}", "a task id, a UUID, or its beginning"),
    "cause": (r"[0-9a-f]{16}", "a fingerprint, 16 hex digits"),
    "flow": (r"(?i)[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "the whole id of a flow, a UUID"),
}
_UNITS_MS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}


@dataclass(frozen=True)
class Term:
    """One part of a search: the word, the value, and whether tasks with it are unwanted.

    `path` is that of a field in the payload. `low_ms` and `high_ms` are the limits of a duration,
    `comparison` is how a number in the payload is compared, such as (">=", 5.0).
    """

    word: str
    value: str
    unwanted: bool = False
    path: tuple[str, ...] = ()
    low_ms: float | None = None
    high_ms: float | None = None
    comparison: tuple[str, float] | None = None


@dataclass(frozen=True)
class Query:
    """A search; without terms it finds every task."""

    terms: tuple[Term, ...] = ()

    def with_values(self, **values: str | None) -> "Query":
        """Return the search with one more term for each value that is not None.

        Raises InvalidQuery for a value that nothing can have.
        """
        named = {at: _named(at, value) for at, value in values.items() if value is not None}
        wrong = [
            replace(no, pointer=f"/{at}") for at, no in named.items() if isinstance(no, Problem)
        ]
        if wrong:
            raise InvalidQuery(wrong)
        return Query((*self.terms, *(one for one in named.values() if isinstance(one, Term))))

    def within(self, reach: Reach) -> "Query":
        """Return the search as it finds only what is within a reach.

        Raises Forbidden when it names a type or a queue beyond it.
        """
        for task_type in self.values("type"):
            reach.check_type(task_type)
        for queue in self.values("queue"):
            reach.check_queue(queue)
        more = [Term("type", name) for name in reach.task_types if not self.values("type")]
        more += [Term("queue", name) for name in reach.queues if not self.values("queue")]
        return Query((*self.terms, *more))

    def values(self, word: str, *, unwanted: bool = False) -> list[str]:
        """Return the wanted (or unwanted) values of one word."""
        return [t.value for t in self.terms if t.word == word and t.unwanted is unwanted]

    @property
    def payload(self) -> list[Term]:
        """The terms of the payload, which the script checks only roughly."""
        return [term for term in self.terms if term.path]

    def conditions(self) -> list[dict[str, Any]]:
        """Return the search as `search.lua` reads it: a task matches all of these conditions."""
        return [*self._choices(), *self._others()]

    def _choices(self) -> Iterator[dict[str, Any]]:
        for word in ("state", "type", "tag", "worker", "id", "cause", "flow"):
            for unwanted in (False, True):
                values = self.values(word, unwanted=unwanted)
                if values:
                    yield {"kind": word, "values": values, "no": unwanted}

    def _others(self) -> Iterator[dict[str, Any]]:
        for term in self.terms:
            if term.word in ("age", "dur", "wait"):
                limits = {"low": term.low_ms, "high": term.high_ms}
                yield {"kind": term.word, **limits, "no": term.unwanted}
            elif term.word in ("error", "any"):
                yield {"kind": term.word, "text": term.value, "no": term.unwanted}
            elif term.path and not term.unwanted:  # a rough check would exclude too much
                others = [each for each in self.payload if each.path == term.path]
                yield {"kind": "payload", "values": _traces(term, is_only=len(others) == 1)}


def parse(text: str) -> Query:
    """Parse a search. Raises InvalidQuery, which says for each wrong term what is accepted."""
    if len(text) > MAX_CHARS:
        raise InvalidQuery(
            [Problem("/q", "too_long", f"A search has at most {MAX_CHARS} characters.")]
        )
    terms, problems, position = list[Term](), list[Problem](), 0
    text = text.strip()
    while position < len(text):
        token = _TOKEN.match(text, position)
        if token is None or token.end() == position:
            problems.append(
                Problem("/q", "quote", "A quotation mark is missing or in the wrong place.")
            )
            break
        position = token.end()
        found = _term(token)
        (terms if isinstance(found, Term) else problems).append(found)  # type: ignore[arg-type]
    if len(terms) > MAX_TERMS:
        problems.append(Problem("/q", "too_long", f"A search has at most {MAX_TERMS} terms."))
    if problems:
        raise InvalidQuery(problems)
    return Query(tuple(terms))


def _term(token: re.Match[str]) -> Term | Problem:
    word, unwanted, quoted = token["word"] or "", bool(token["no"]), token["quoted"]
    value = token["plain"] if quoted is None else re.sub(r"\\(.)", r"\1", quoted)
    if not value:
        return Problem("/q", "empty", f"There is nothing after '{token[0].strip()[:40]}'.")
    name, _, path = word.partition(".")
    name = name.lower()
    if name == "payload" and path:
        return _of_payload(word, value, unwanted, is_quoted=quoted is not None)
    if path or (name and name not in WORDS):
        return Problem("/q", "unknown_word", _unknown(word[:40], name))
    if name in ("age", "dur", "wait"):
        return _time(name, value, unwanted)
    if not name and quoted is None and value in _OPERATORS:
        return Problem("/q", "unknown_word", _OPERATORS[value])
    return _named(name or "any", value, unwanted)


def _named(name: str, value: str, unwanted: bool = False) -> Term | Problem:
    """Return the term of a word whose value is a text, if there can be such a value."""
    if name == "state":
        return _choice(name, state_named(value), unwanted, STATES, WORDS["state"])
    if name == "queue":
        names = queue_names()
        return _choice(name, value.lower(), unwanted, names, ", ".join(names))
    shape, takes = _SHAPES.get(name, (".+", ""))
    if not re.fullmatch(shape, value, re.DOTALL):
        many = f"; several are {name}:… {name}:…" if "," in value or "|" in value else ""
        return Problem("/q", "unknown_value", f"'{name}:' takes {takes}{many}.")
    return Term(name, value.lower() if name in ("id", "flow") else value, unwanted)


def _of_payload(word: str, value: str, unwanted: bool, *, is_quoted: bool) -> Term | Problem:
    term = Term(word, value, unwanted, tuple(word.split(".")[1:]))
    if is_quoted or value[0] not in "<>":
        return term
    found = _COMPARISON.fullmatch(value)
    if found is None:
        rule = f"'{word[:40]}:' compares numbers, as in payload.amount:>5; a text that begins so"
        return Problem("/q", "number", f'{rule} is in quotation marks, payload.note:">5".')
    return replace(term, comparison=(found[1], float(found[2])))


def _unknown(word: str, name: str) -> str:
    near = difflib.get_close_matches(name[:40], WORDS, n=1, cutoff=0.7)
    meant = _FIELDS.get(name) or (near[0] if near else "")
    hint = f"write '{meant}:'" if meant else f"its words are {', '.join(WORDS)}"
    return f"'{word}:' is no word of the search; {hint}."


def _choice(
    word: str, value: str, unwanted: bool, known: tuple[str, ...], shown: str
) -> Term | Problem:
    if value not in known:
        return Problem("/q", "unknown_value", f"'{word}:' takes {shown}.")
    return Term(word, value, unwanted)


def _time(word: str, value: str, unwanted: bool) -> Term | Problem:
    found = _SPAN.fullmatch(value)
    if found is None:
        shape = f"'{word}:' takes < or > and a time in ms, s, m, h or d, as in {word}:>5m."
        return Problem("/q", "time", shape)
    ms = float(found[2]) * _UNITS_MS[found[3]]
    low, high = (None, ms) if found[1] == "<" else (ms, None)
    return Term(word, value, unwanted, (), low, high)


def _traces(term: Term, *, is_only: bool) -> list[str]:
    """Return texts that the JSON of each matching payload contains: the field and the value.

    A number in the path may be a place in a list, whose JSON does not have it; one of several
    values of a field need not be there.
    """
    names = [name for name in term.path if not name.isdecimal()] or [term.path[0]]
    field = json.dumps(names[-1], ensure_ascii=False)
    if term.comparison or not is_only:
        return [field]
    return [field, json.dumps(term.value, ensure_ascii=False)[1:-1]]
