"""The search language: what it reads, and what it says of what it cannot read."""

import pytest

from huey_tasks.errors import InvalidQuery
from huey_tasks.search.query import MAX_CHARS, MAX_TERMS, Term, parse


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("", []),
        ("  ", []),
        ("state:failure", [Term("state", "FAILURE")]),
        ("state:waiting", [Term("state", "PENDING")]),
        ("state:Running", [Term("state", "STARTED")]),
        ("state:retrying", [Term("state", "RETRY")]),
        ("state:succeeded", [Term("state", "SUCCESS")]),
        ("-state:failed", [Term("state", "FAILURE", unwanted=True)]),
        ("state:cancelled", [Term("state", "REVOKED")]),
        ("-queue:low", [Term("queue", "low", True)]),
        ("type:send_email tag:vip", [Term("type", "send_email"), Term("tag", "vip")]),
        ("time out", [Term("any", "time"), Term("any", "out")]),
        ('"time out"', [Term("any", "time out")]),
        ('error:"not \\"here\\""', [Term("error", 'not "here"')]),
        ("payload.user.id:42", [Term("payload.user.id", "42", path=("user", "id"))]),
        ("-payload.Größe:ä", [Term("payload.Größe", "ä", True, ("Größe",))]),
        ("payload.n:>=-5.5", [Term("payload.n", ">=-5.5", path=("n",), comparison=(">=", -5.5))]),
        ('payload.n:">5"', [Term("payload.n", ">5", path=("n",))]),
        ("id:6F1C-", [Term("id", "6f1c-")]),
        ('"OR" or', [Term("any", "OR"), Term("any", "or")]),
        ("age:<1h", [Term("age", "<1h", high_ms=3_600_000)]),
        ("dur:>1.5s", [Term("dur", ">1.5s", low_ms=1500)]),
        ("-wait:>20ms", [Term("wait", ">20ms", True, low_ms=20)]),
        ("age:>=2d", [Term("age", ">=2d", low_ms=172_800_000)]),
    ],
)
def test_a_search_is_read_word_by_word(text: str, terms: list[Term]) -> None:
    found = parse(text).terms
    assert [(t.word, t.unwanted, t.path, t.low_ms, t.high_ms, t.comparison) for t in found] == [
        (t.word, t.unwanted, t.path, t.low_ms, t.high_ms, t.comparison) for t in terms
    ]
    texts = [t.value for t in found if t.word not in ("age", "dur", "wait")]
    assert texts == [t.value for t in terms if t.word not in ("age", "dur", "wait")]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("statte:failure", "unknown_word"),
        ("http://x", "unknown_word"),
        ("payload:42", "unknown_word"),
        ("state.x:failure", "unknown_word"),
        ("state:gone", "unknown_value"),
        ("flow:6f1c2f0e", "unknown_value"),
        ("type:send*", "unknown_value"),
        ("-type:*", "unknown_value"),
        ("type:send_email,echo", "unknown_value"),
        ("tag:vip,eu", "unknown_value"),
        ('tag:"a b"', "unknown_value"),
        ("worker:high*", "unknown_value"),
        ("id:42x", "unknown_value"),
        ("id:6f1c*", "unknown_value"),
        ("payload.amount:>", "number"),
        ("payload.amount:>five", "number"),
        ("payload.at:<2026-11-01", "number"),
        ("state:failed OR", "unknown_word"),
        ("queue:urgent", "unknown_value"),
        ("age:1h", "time"),
        ("age:<1w", "time"),
        ("dur:>s", "time"),
        ("type:", "empty"),
        ("-", "empty"),
        ('""', "empty"),
        ('error:"open', "quote"),
        ('a"b', "quote"),
        ("x" * (MAX_CHARS + 1), "too_long"),
        ("x " * (MAX_TERMS + 1), "too_long"),
    ],
)
def test_what_cannot_be_read_is_named(text: str, code: str) -> None:
    with pytest.raises(InvalidQuery) as refused:
        parse(text)
    assert [problem.code for problem in refused.value.problems] == [code]


def test_an_unknown_word_is_told_which_there_are() -> None:
    with pytest.raises(
        InvalidQuery, match=r"'usr:' .* state, queue, type, tag, .* payload\.<field>"
    ):
        parse("usr:42")


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("status:failed", "state"),
        ("Status:failed", "state"),
        ("priority:low", "queue"),
        ("task_type:send_email", "type"),
        ("stat:failed", "state"),
        ("payload:42", "payload.<field>"),
    ],
)
def test_a_word_of_the_api_gets_the_word_of_the_search(written: str, meant: str) -> None:
    with pytest.raises(InvalidQuery, match=rf"is no word of the search; write '{meant}:'"):
        parse(written)
