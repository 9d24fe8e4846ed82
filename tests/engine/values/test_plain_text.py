"""Characters that are not seen: which they are, and where they are refused or escaped."""

import io
import json
import logging

import pytest

import huey_tasks as tq
from duckline.stack.console import Console
from huey_tasks import logs
from huey_tasks.values.plain_text import escaped, is_plain

HIDDEN = (
    "\x00\x07\x08\n\r\x1b\x7f\x80\x85\x9b\x9f\u061c\u200b\u200e\u200f\u2028\u2029\u202a\u202b"
    "\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff\ud800"
)
SEEN = ("plain", "Ünïcödé", "日本\u3000語", "שלום", "عربي", "👩‍👩‍👧", "a\u00a0b", "می‌خواهم")


@pytest.mark.parametrize("char", HIDDEN, ids=lambda char: f"U+{ord(char):04X}")
def test_a_hidden_character_is_refused_and_escaped(char: str) -> None:
    assert not is_plain(f"a{char}b")
    shown = escaped(f"a{char}b")
    assert is_plain(shown)
    assert shown.startswith("a\\")
    if char != "\ud800":
        with pytest.raises(tq.InvalidQuery):
            tq.submit("echo", {"value": 1}, tags=[f"a{char}b"])
    assert tq.list_tasks() == []


@pytest.mark.parametrize("text", SEEN)
def test_what_is_seen_stays_as_it_is(text: str) -> None:
    assert is_plain(text)
    assert escaped(text) == text


EVIL = "x\x1b[2J\r\u202e\x9b31m\n2026-01-01 00:00:00.000 [error    ] forged"


@pytest.mark.parametrize("log_format", ["console", "json"])
def test_no_record_forges_a_line_or_acts_on_the_terminal(log_format: str) -> None:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logs.formatter(log_format))
    logger = logging.getLogger(f"evil.{log_format}")
    logger.addHandler(handler)
    logger.propagate = False
    logger.error(EVIL, extra={"more": EVIL})
    try:
        raise ValueError(EVIL)
    except ValueError:
        logger.exception("failed")

    lines = stream.getvalue().splitlines()
    assert all(is_plain(line) for line in lines)
    assert not any(line.startswith("2026-01-01") for line in lines)
    if log_format == "json":
        assert [json.loads(line)["level"] for line in lines] == ["error", "error"]


@pytest.mark.parametrize("as_json", [False, True])
def test_the_stack_tells_what_is_printed_from_what_is_logged(as_json: bool) -> None:
    stream = io.StringIO()
    console = Console(stream, ["high"], as_json=as_json, colour=False, mark="7f3a ")
    logged, printed = (
        ('{"event": "real"}', '{"event": "forged"}') if as_json else ("real", "forged")
    )
    console.lines("high", [f"7f3a {logged}", printed, f"{printed}\x1b[1A\r\u202e\ttab"])

    lines = stream.getvalue().splitlines()
    assert all(is_plain(line.replace("\t", "")) for line in lines)
    if as_json:
        events = [json.loads(line)["event"] for line in lines]
        assert events[:2] == ["real", printed]
    else:
        assert lines[:2] == ["high     | real", "high     > forged"]
