"""What makes two failures one: type, place and message, without what differs from case to case."""

import json
import sys
import time
from types import FunctionType
from typing import Any

import pytest
from huey.exceptions import TaskTimeout

import huey_tasks as tq
from huey_tasks.broker.protocol import Cause
from huey_tasks.execution.fingerprint import (
    MESSAGE_CHARS,
    cause_of,
    cause_without_code,
    plain_message,
)


class Odd(Exception):
    """Cannot be printed."""

    def __str__(self) -> str:
        raise RecursionError


def cause_in(call: Any, *arguments: Any) -> Cause:
    try:
        call(*arguments)
    except Exception as error:
        return cause_of(error)
    raise AssertionError("nothing was raised")


def one(message: object) -> None:
    raise ValueError(message)


def other(message: object) -> None:
    raise ValueError(message)


@pytest.mark.parametrize(
    ("messages", "plain"),
    [
        (["user 7 not found", "user 1234567 not found"], "user # not found"),
        (["took 5s", "took 12.75s", "took 3ms", "took 1e-5s"], None),
        (["user42 is gone", "user7 is gone"], "# is gone"),
        (["balance -5", "balance +1,204.50"], "balance #"),
        (["at 10.0.0.1:6379", "at 192.168.1.77:80"], "at #"),
        (["since 2026-11-25T10:19:04Z", "since 2026-01-02T03:04:05.678Z"], "since #"),
        (["object at 0x7f3a9c", "object at 0xdeadbeef"], "object at #"),
        (["commit 9fceb02 is bad", "commit 00a1b2c is bad"], "commit # is bad"),
        ([f"no '{'ab ' * 20}'", f"no '{'x' * 33}'"], "no '…'"),
        ([f'key "{"y" * 40}" and `{"z" * 99}`'], "key '…' and '…'"),
        (["no 'table 7'", "no 'table 8'"], "no 'table #'"),
        (["no 'ada@example.com'", "no 'bob@mail.test'"], "no '…'"),
        (["can't open it, don't", "can't open it, don't"], "can't open it, don't"),
        (["mail to ada@example.com", "mail to b.o.b+x@mail.test"], "mail to …"),
        (["GET https://a.test/x?y=1 failed", "GET http://b failed"], "GET … failed"),
        (["a\n  b\tc", "a b c"], "a b c"),
        (["is \u202egnp.exe", "is \u202egnp.exe"], "is \\u202egnp.exe"),
        (["half \ud800", "half \ud800"], "half \\ud800"),
        (["<img src=x onerror=alert(1)>"], "<img src=x onerror=alert(#)>"),
    ],
)
def test_messages_that_differ_in_numbers_ids_and_long_quotations_are_one(
    messages: list[str], plain: str | None
) -> None:
    found = {plain_message(message) for message in messages}
    assert len(found) == 1
    assert plain is None or found == {plain}


@pytest.mark.parametrize(
    "identifier",
    [
        "6f1c2f0e-8a47-4a6b-9d52-0c6f4d1f3a11",
        "abcdefab-cdef-abcd-efab-cdefabcdefab",
        "d41d8cd98f00b204e9800998ecf8427e",
        "V1StGXR8_Z5jdHi6B-myT",
        "cus_9s6XKzkNRiz8i3",
        "AKIAIOSFODNN7EXAMPLE",
        "eyJhbGciOiJIUzI1NiJ9" * 9,
        "x" * 64,
        "s3/bucket/2026/11/25/part-00017",
    ],
)
def test_ids_of_every_common_form_are_left_out(identifier: str) -> None:
    plain = plain_message(f"no such thing: {identifier}, sorry")
    assert plain in ("no such thing: #, sorry", "no such thing: cus_#, sorry")


def test_different_words_stay_different() -> None:
    assert plain_message("connection refused") != plain_message("connection reset")
    assert plain_message("no host") == "no host"
    quoted = ["'a bug'", "'name'", 'no "ada"', 'no `a "b" c`', "''"]
    assert [plain_message(message) for message in quoted] == quoted


@pytest.mark.parametrize(
    "message",
    ["x" * 1_000_000, "'" * 1_000_000, "'a " * 300_000, "1a-" * 300_000, "é\x00\u202e" * 300_000],
)
def test_a_message_of_a_megabyte_is_looked_at_in_no_time_and_told_in_brief(message: str) -> None:
    begun = time.thread_time()
    plain = plain_message(message)
    assert time.thread_time() - begun < 0.25
    assert len(plain) <= MESSAGE_CHARS and plain.isprintable()


def test_what_stands_behind_a_quotation_mark_that_is_cut_off_does_not_count() -> None:
    first, second = "cannot read '" + "ab " * 9999, "cannot read '" + "cde " * 9999
    assert plain_message(first) == plain_message(second) == "cannot read '…'"


def test_the_place_in_the_code_and_the_type_tell_causes_apart() -> None:
    first = cause_in(one, "number 1")
    assert first == cause_in(one, "number 2")
    assert (first.error_type, first.frame, first.message) == (
        "ValueError", "test_causes.py:one", "number #",
    )  # fmt: skip
    fingerprints = {
        first.fingerprint,
        cause_in(other, "number 1").fingerprint,
        cause_in(one, "nothing").fingerprint,
        cause_in(int, "number 1").fingerprint,
    }
    assert len(fingerprints) == 4
    assert all(len(one) == 16 and int(one, 16) >= 0 for one in fingerprints)


def test_a_fingerprint_is_the_same_in_every_process_and_release() -> None:
    assert cause_in(one, "number 1").fingerprint == "ba7fa828a8058514"


def test_the_frame_is_the_last_of_the_tasks_own_code() -> None:
    def read(text: str) -> None:
        json.loads(text)

    found = cause_in(read, "{")
    assert found.error_type == "json.decoder.JSONDecodeError"
    assert found.frame.startswith("test_causes.py:") and found.frame.endswith("read")
    assert cause_in(json.loads, "{").frame.endswith("cause_in")


def test_a_demo_task_is_the_users_code_and_the_engine_is_not() -> None:
    def run_as(filename: str) -> Cause:
        source = compile("def run():\n    raise ValueError\n", filename, "exec")
        space: dict[str, FunctionType] = {}
        exec(source, space)
        return cause_in(space["run"])

    folder = tq.__path__[0]
    assert run_as(f"{folder}/tasks/mail.py").frame == "mail.py:run"
    here = "test_causes.py:cause_in"
    assert run_as(f"{folder}/attempt.py").frame == run_as("<frozen importlib>").frame == here
    assert run_as(f"{sys.prefix}/lib/python3.11/site-packages/a/b.py").frame == here
    assert run_as("src/gevent/greenlet.pyx").frame == run_as("switch.pxd").frame == here


def test_a_time_limit_strikes_the_task_and_not_the_line_that_it_was_at() -> None:
    def inner() -> None:
        raise TaskTimeout

    assert cause_in(inner).frame == "test_causes.py:cause_in"


def test_an_exception_that_cannot_be_told_has_a_cause_all_the_same() -> None:
    def raise_odd() -> None:
        raise Odd

    found = cause_in(raise_odd)
    assert found.error_type.endswith("Odd") and found.message == ""


def test_what_no_code_of_the_task_raised_is_told_apart_by_the_task_type() -> None:
    first, second = (cause_without_code("WorkerDied", "it died 3 times", t) for t in ("a", "b"))
    assert first.fingerprint != second.fingerprint
    assert first.message == second.message == "it died # times"
