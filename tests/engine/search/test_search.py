"""Finding tasks: every word, order, pages, and how far one request looks."""

import datetime as dt
from collections.abc import Iterable
from typing import Any

import pytest

import huey_tasks as tq
from huey_tasks.broker import keys
from huey_tasks.broker.protocol import NewTask
from huey_tasks.broker.scripts.operators import OperatorScripts
from huey_tasks.errors import InvalidQuery
from huey_tasks.queues import BROKERS
from huey_tasks.records import rows
from huey_tasks.search import index_scan, pages
from huey_tasks.search.index_scan import TOP, Window
from huey_tasks.search.query import parse
from tests.engine.helpers import QUEUE, HandWorker, commit, scripts, store, submit
from tests.waiting import wait_until

broker = tq.default.broker.redis


def find(q: str = "", **options: Any) -> list[str]:
    """The ids of everything that fits, page by page."""
    found, cursor = list[str](), None
    while True:
        page = tq.search_tasks(q, cursor=cursor, **options)
        found += [task.task_id for task in page.tasks]
        cursor = page.next_cursor
        if cursor is None:
            assert page.complete
            return found


def end(state: str, **fields: Any) -> str:
    """A task of type echo that ended so."""
    task_id = submit("echo", value=fields.pop("value", None))
    worker = HandWorker(f"hand-{task_id}/0")
    worker.step(commit(worker.claim(), state, **fields), want=0)
    return task_id


def names_of(found: Iterable[str], **named: str) -> set[str]:
    ids = {task_id: name for name, task_id in named.items()}
    return {ids[task_id] for task_id in found}


def test_the_newest_submission_of_all_queues_comes_first() -> None:
    ids = [
        tq.submit("echo", {"value": n}, priority=("high", "default", "low")[n % 3]).task_id
        for n in range(9)
    ]
    # Two of one millisecond have no order but that of their ids.
    in_order = sorted(ids, key=lambda i: (tq.get_task(i).submitted_at, i), reverse=True)
    assert find() == in_order
    assert find(limit=2) == in_order


def test_a_task_that_goes_between_search_and_reading_is_no_row() -> None:
    stays = submit("echo")
    assert [row.task_id for row in rows.load(tq.default.broker, [stays, "gone"])] == [stays]


def test_states_queues_and_types_are_found_and_excluded() -> None:
    failed, done = end("FAILURE"), end("SUCCESS")
    waits, high = submit("fail"), tq.submit("echo", {}, priority="high").task_id
    named = {"failed": failed, "done": done, "waits": waits, "high": high}
    for q, wanted in {
        "state:failure": {"failed"},
        "state:failure state:SUCCESS": {"failed", "done"},
        "-state:pending": {"failed", "done"},
        "state:pending queue:high": {"high"},
        "-queue:default": {"high"},
        "type:fail": {"waits"},
        "type:ech": set(),
        "-type:echo": {"waits"},
        "state:failure type:fail": set(),
        "state:retry": set(),
        "queue:low": set(),
    }.items():
        assert names_of(find(q), **named) == wanted, q
    assert find(state="FAILURE") == [failed]
    assert find("state:failure", queue="low") == []


def test_tags_are_whole_words() -> None:
    first = tq.submit("echo", {}, tags=["vip", "eu/west", "vip"]).task_id
    second = tq.submit("echo", {}, tags=["vip2"]).task_id
    third = tq.submit("echo", {}).task_id
    assert tq.get_task(first).tags == ("vip", "eu/west")
    assert find("tag:vip") == [first]
    assert set(find("tag:vip tag:vip2")) == {first, second}
    assert set(find("-tag:vip")) == {second, third}
    assert find("tag:eu") == []
    with pytest.raises(InvalidQuery, match="one whole tag, which has no spaces, commas"):
        find("tag:,")


@pytest.mark.parametrize("tags", [["a,b"], ["a b"], [""], ["x" * 65], [f"t{n}" for n in range(11)]])
def test_tags_that_could_not_be_told_apart_are_refused(tags: list[str]) -> None:
    with pytest.raises(InvalidQuery, match="10 tags, each of 1 to 64"):
        tq.submit("echo", {}, tags=tags)
    assert find() == []


def test_a_retry_keeps_the_tags() -> None:
    old = tq.submit("echo", {}, tags=["vip"]).task_id
    tq.cancel(old)
    new = tq.retry(old).task_id
    assert find("tag:vip state:pending") == [new]


def test_fields_of_the_payload_are_compared_as_text() -> None:
    def echo(value: Any) -> str:
        return submit("echo", value=value)

    text, number, nested = echo("42"), echo(42), echo({"a": {"b": 'say "hi"\n'}})
    yes, other, price = echo(True), echo("x 42"), echo(19.99)
    named = {"text": text, "number": number, "nested": nested, "yes": yes, "other": other}
    assert names_of(find("payload.value:42"), **named) == {"text", "number"}
    assert find('payload.value.a.b:"say \\"hi\\"\n"') == [nested]
    assert find("payload.value:true") == [yes]
    assert find("payload.value:19.99") == [price]
    assert find("payload.value:4") == find("payload.a:42") == find("payload.value.b:42") == []
    assert len(find("-payload.value:42")) == 4


def test_numbers_of_the_payload_are_compared() -> None:
    """`payload.value:>5` found nothing, without a word."""
    values: list[Any] = [4, 5, 5.5, "7", -6, True, None, "many", [9], {"value": 9}, 10**400]
    names = {str(value)[:9]: submit("echo", value=value) for value in values}
    everything, huge = set(names), "100000000"

    assert names_of(find("payload.value:>5"), **names) == {"5.5", "7", huge}
    assert names_of(find("payload.value:>=5"), **names) == {"5", "5.5", "7", huge}
    assert names_of(find("payload.value:<5"), **names) == {"4", "-6"}
    assert names_of(find("payload.value:>4 payload.value:<=5.5"), **names) == {"5", "5.5"}
    assert names_of(find("-payload.value:>5"), **names) == everything - {"5.5", "7", huge}
    assert find('payload.value:">5"') == []


def test_several_values_of_a_field_are_any_of_them() -> None:
    names = {name: submit("echo", value=name) for name in ("ada", "bob", "eve")}
    assert names_of(find("payload.value:ada payload.value:bob"), **names) == {"ada", "bob"}
    assert names_of(find("-payload.value:ada -payload.value:bob"), **names) == {"eve"}


def test_a_path_leads_into_a_list() -> None:
    first = submit("echo", value=[{"name": "a"}, "b"])
    submit("echo", value=["b"])
    assert find("payload.value.0.name:a") == [first] == find("payload.value.1:b")
    assert find("payload.value.2:b") == find("payload.value.x:b") == []


def _look(q: str, want: int = 10) -> tuple[set[str], int]:
    """What one call of the script finds, and at how many tasks it looks."""
    look = OperatorScripts(scripts()).search(
        QUEUE, "submitted", TOP, parse(q).conditions(), oldest=0, look=10, want=want
    )
    return {match.place.id for match in look.matches}, look.looked_at


def test_redis_leaves_out_most_payloads_that_do_not_fit() -> None:
    fits = submit("echo", value="quite rare")
    submit("echo", value="rare")
    assert _look('payload.value:"quite rare"') == ({fits}, 2)


def test_redis_is_let_go_when_enough_is_found_or_much_was_read() -> None:
    ids = {f"large-{n}" for n in range(4)}
    for task_id in ids:
        store(task_id, b'"value":"42"' + b" " * 200_000)
    found, looked_at = _look("", want=1)
    assert (len(found), looked_at) == (1, 1)
    assert _look("payload.value:42")[1] == 3, "these are more than half a megabyte"
    assert _look("") == (ids, 4), "which are not read where nobody asks for payloads"


@pytest.mark.parametrize("field", ["reason", "attempts"])
def test_redis_is_let_go_when_long_errors_were_read(field: str) -> None:
    for number in range(4):
        store(f"id-{number}")
        broker.hset(keys.task(QUEUE, f"id-{number}"), field, "x" * 200_000)
    assert _look("error:nowhere") == (set(), 3)
    assert len(_look("error:xxx")[0]) == 3


def test_the_last_of_many_attempts_is_found_at_once() -> None:
    """A pattern that begins anywhere read each line once for each of its bytes."""
    store("again")
    lines = ["x" * 100_000] * 5
    broker.hset(keys.task(QUEUE, "again"), "attempts", "\n".join([*lines, "the last"]))
    assert (_look("error:last")[0], _look("error:xxx")[0]) == ({"again"}, set())
    store("once")
    broker.hset(keys.task(QUEUE, "once"), "attempts", "the first")
    assert _look("error:first")[0] == {"once"}


def test_redis_is_let_go_after_a_millisecond() -> None:
    with broker.pipeline() as pipe:
        for number in range(300):
            store(f"id-{number}")
            pipe.hset(keys.task(QUEUE, f"id-{number}"), "reason", "X" * 1900)
        pipe.execute()
    before = _times("eval", "evalsha")
    page = pages.find(BROKERS, parse("queue:default error:nowhere error:none"), budget_s=0)
    assert (page.tasks, page.scanned) == ((), index_scan.LOOK)
    assert _times("eval", "evalsha") - before > 1


def test_an_hour_that_may_have_the_wanted_type_is_asked_for_once() -> None:
    scripts().submit(QUEUE, [NewTask(f"id-{n}", b"{}", "echo") for n in range(700)])
    before = _times("exists")
    page = pages.find(BROKERS, parse("queue:default type:echo payload.v:none"), budget_s=10)
    assert (page.tasks, page.scanned) == ((), 700)
    assert _times("exists") - before == index_scan.HOURS + 1


@pytest.mark.parametrize("q", ["", "type:echo", "echo", "-error:x", "age:<1h", "-tag:x"])
def test_a_record_that_somebody_has_erased_is_not_found(q: str) -> None:
    gone, stays = (end("FAILURE", reason="why") for _ in range(2))
    broker.delete(keys.task(QUEUE, gone))
    assert find(q) == [stays]


def test_errors_are_found_by_a_part_of_them_whatever_its_case() -> None:
    failed = end("FAILURE", reason="TimeoutError: no ANSWER (from host 7)")
    other = end("FAILURE", reason="ValueError: on purpose")
    end("SUCCESS", reason="")
    assert find("error:answer") == find('error:"from HOST"') == find("timeouterror") == [failed]
    assert find("-error:answer state:failure") == [other]
    assert find("error:%") == find("error:.") == []
    assert set(find("echo state:failure")) == {failed, other}
    assert find("echo -purpose state:failure") == [failed]


def test_a_task_that_tries_again_has_the_error_of_its_last_attempt_until_it_succeeds() -> None:
    task_id, worker = submit("echo"), HandWorker()
    again = commit(worker.claim(), "RETRY", reason="TimeoutError: no answer", retries_left=1)
    worker.step(again, want=0)
    assert find("error:answer") == [task_id]
    scripts().promote(QUEUE)
    worker.step(commit(worker.claim(), "SUCCESS"), want=0)
    assert find("error:answer") == []
    (row,) = tq.search_tasks().tasks
    assert row.error is tq.get_task(task_id).error is None


def test_a_worker_is_found_by_its_name_up_to_a_border() -> None:
    one, ten = submit("echo"), submit("echo")
    HandWorker("high@vm-1/1/aa").claim()
    HandWorker("high@vm-1/10/bb").claim()
    assert find("worker:high@vm-1/1") == [one]
    assert find("worker:high@vm-1/10") == [ten]
    assert set(find("worker:high")) == set(find("worker:high@vm-1")) == {one, ten}
    assert find("worker:hig") == find("worker:vm-1") == []


def test_an_id_is_found_by_its_beginning() -> None:
    task_id = submit("echo")
    submit("echo")
    assert find(f"id:{task_id}") == find(f"id:{task_id[:8]}") == [task_id]
    assert find(f"id:{task_id[1:8]}") == []


def test_times_are_compared() -> None:
    store("old")
    half_a_minute_ago = _now_ms() - 30_000
    times = {"submitted_at": half_a_minute_ago, "queued_at": half_a_minute_ago}
    broker.hset(keys.task(QUEUE, "old"), mapping=times)
    worker = HandWorker()
    claim = worker.claim()
    store("new")
    assert find("age:>20000ms") == ["old"]
    assert find("wait:>20000ms") == ["old"] and find("wait:<20000ms age:>1m") == []
    worker.step(commit(claim, "SUCCESS"), want=0)
    assert find("dur:<1m") == ["old"] and find("dur:>1m") == []
    assert set(find("-age:>1h")) == {"old", "new"}
    two_hours_ago = _now_ms() - 2 * 3_600_000
    broker.hset(keys.task(QUEUE, "old"), "submitted_at", two_hours_ago)
    broker.hset(keys.task(QUEUE, "new"), "queued_at", two_hours_ago)
    assert find("age:<1h") == find("wait:>1h") == ["new"]
    assert find("age:>1h") == find("wait:<1h") == ["old"]


def test_an_excluded_time_keeps_the_tasks_that_have_none() -> None:
    tq.cancel(submit("echo"))
    quick, waits = end("SUCCESS"), submit("echo")
    later = tq.submit("echo", {}, delay=60).task_id
    broker.hset(keys.task(QUEUE, quick), "finished_at", _now_ms() + 2 * 3_600_000)

    found = {q: set(find(f"-state:revoked {q}")) for q in ("dur:>1h", "-dur:>1h", "-dur:<1h")}

    assert found == {
        "dur:>1h": {quick},
        "-dur:>1h": {waits, later},
        "-dur:<1h": {quick, waits, later},
    }
    assert later in find("-wait:>1h") and later in find("-wait:<1h")
    assert set(find("-age:<1h")) == set() and len(find("-age:>1h")) == 4


def test_the_time_of_submission_limits_a_search() -> None:
    store("early")
    begun = _now_ms()
    wait_until(lambda: _now_ms() > begun + 1, description="a millisecond has passed")
    store("late")
    border = dt.datetime.fromtimestamp(_submitted_ms("late") / 1000, dt.UTC)
    for q in ("", "state:pending"):
        assert find(q, submitted_after=border) == ["late"]
        assert find(q, submitted_before=border) == ["early"]
    for task_id in ("early", "late"):
        tq.default.broker.scripts.cancel(QUEUE, task_id, "")
    assert find(sort=tq.Sort.FINISHED, submitted_before=border) == ["early"]


def test_sorted_by_their_end_only_those_that_ended_are_listed() -> None:
    first, waits, second = submit("echo"), submit("echo"), submit("echo")
    tq.cancel(second)
    begun = _now_ms()
    wait_until(lambda: _now_ms() > begun + 1, description="a millisecond has passed")
    tq.cancel(first)
    assert find(sort=tq.Sort.FINISHED) == [first, second]
    assert find("state:pending", sort=tq.Sort.FINISHED) == []
    assert find("-state:revoked", sort=tq.Sort.FINISHED) == []
    assert waits in find()


def test_pages_neither_repeat_nor_skip_what_was_there_while_others_come_and_go() -> None:
    ids = [submit("echo", value=n) for n in range(30)]
    seen, cursor = list[str](), None
    while True:
        page = tq.search_tasks("type:echo", limit=7, cursor=cursor)
        seen += [task.task_id for task in page.tasks]
        if (cursor := page.next_cursor) is None:
            break
        submit("echo", value="new")
        last = seen[-1]  # the very task that the cursor names is forgotten
        tq.cancel(last)
        broker.zrem(keys.submitted(QUEUE), last)
        broker.delete(keys.task(QUEUE, last))
    assert sorted(seen) == sorted(ids)


def test_tasks_of_one_millisecond_are_paged_too() -> None:
    ids = [f"same-{n:02}" for n in range(20)]
    scripts().submit(QUEUE, [NewTask(i, b"{}", "echo") for i in ids])
    broker.zadd(keys.submitted(QUEUE), dict.fromkeys(ids, 5.0))
    for task_id in ids:
        broker.hset(keys.task(QUEUE, task_id), "submitted_at", 5)
    assert find(limit=3) == find("state:pending", limit=3) == sorted(ids, reverse=True)


@pytest.mark.parametrize("cursor", ["", "x", "!", "é", "MTIz", "bmFuIGE", "A" * 300, "LTEgYQ"])
def test_a_forged_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(InvalidQuery, match="not a cursor"):
        tq.search_tasks(cursor=cursor)


def test_when_time_is_up_the_search_says_how_far_it_came_and_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(index_scan, "LOOK", 10)
    store("wanted", task_type="rare")
    scripts().submit(QUEUE, [NewTask(f"id-{n}", b"{}", "echo") for n in range(35)])

    found, scanned, cursor = list[str](), 0, None
    for _ in range(4):
        page = pages.find(BROKERS, parse("rare"), cursor=cursor, budget_s=0)
        found += [task_id for _, task_id in page.tasks]
        scanned, cursor = scanned + page.scanned, page.next_cursor
        assert page.complete is (cursor is None)
    assert (found, scanned, cursor) == (["wanted"], 36, None)


def test_hours_without_the_wanted_type_are_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index_scan, "LOOK", 10)
    now = _now_ms()
    ids = {"wanted": 30, **{f"id-{n}": 20 for n in range(200)}, "new": 0}
    scripts().submit(QUEUE, [NewTask(i, b"{}", "rare" if i == "wanted" else "echo") for i in ids])
    for task_id, hours in ids.items():
        at = now - hours * 3_600_000
        broker.zadd(keys.submitted(QUEUE), {task_id: at})
        broker.hset(keys.task(QUEUE, task_id), "submitted_at", at)
    broker.delete(keys.noted(QUEUE))
    broker.hset(keys.counters(QUEUE), "SUBMITTED", len(ids))  # as if the minute were folded
    for hours, name in ((0, "echo"), (20, "echo"), (30, "rare")):
        key = keys.history(QUEUE, "hour", (now - hours * 3_600_000) // 3_600_000)
        broker.hset(key, name, '{"SUBMITTED":1}')
        broker.expire(key, 60)

    page = pages.find(BROKERS, parse("type:rare"), budget_s=10)
    assert page.tasks == ((QUEUE, "wanted"),)
    assert page.scanned < 40
    in_doubt = keys.history(QUEUE, "hour", (now - 30 * 3_600_000) // 3_600_000)
    broker.delete(in_doubt)  # what the history does not know is looked at
    assert pages.find(BROKERS, parse("type:rare"), budget_s=10).tasks == ((QUEUE, "wanted"),)


def test_an_hour_is_not_skipped_while_its_last_minute_is_not_folded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(index_scan, "LOOK", 10)
    now = _now_ms()
    hour = now // 3_600_000 - 20
    ids = {"wanted": hour * 3_600_000, **{f"id-{n}": now for n in range(50)}}
    scripts().submit(QUEUE, [NewTask(i, b"{}", "rare" if i == "wanted" else "echo") for i in ids])
    for task_id, at in ids.items():
        broker.zadd(keys.submitted(QUEUE), {task_id: at})
        broker.hset(keys.task(QUEUE, task_id), "submitted_at", at)
    broker.delete(keys.noted(QUEUE))
    broker.hset(keys.counters(QUEUE), "SUBMITTED", len(ids))  # as if the minute were folded
    for number in range(hour - 1, now // 3_600_000 + 1):
        broker.hset(keys.history(QUEUE, "hour", number), "echo", '{"SUBMITTED":1}')
        broker.expire(keys.history(QUEUE, "hour", number), 60)

    assert not pages.find(BROKERS, parse("type:rare"), budget_s=10).tasks  # as the history has it
    broker.hset(keys.noted(QUEUE), mapping={"minute": hour * 60 + 59, "rare|SUBMITTED": 1})
    assert pages.find(BROKERS, parse("type:rare"), budget_s=10).tasks == ((QUEUE, "wanted"),)
    store("later", task_type="echo")  # and folds it
    assert b"rare" in broker.hkeys(keys.history(QUEUE, "hour", hour))
    assert pages.find(BROKERS, parse("type:rare"), budget_s=10).tasks == ((QUEUE, "wanted"),)


def test_a_rare_state_is_found_at_once_among_many() -> None:
    failed = end("FAILURE")
    scripts().submit(QUEUE, [NewTask(f"id-{n}", b"{}", "echo") for n in range(2000)])
    page = pages.find(BROKERS, parse("state:failure"))
    assert (page.tasks, page.scanned, page.next_cursor) == (((QUEUE, failed),), 1, None)


def test_a_row_shows_a_task_without_what_is_large() -> None:
    large, small = submit("echo", value="x" * 5000), submit("echo", value=["y" * 5000])
    huge = submit("echo", value="z" * 70_000)
    rows = {row.task_id: row for row in tq.search_tasks().tasks}
    assert rows[large].payload["value"] == "x" * 512 + "…"
    assert (rows[small].payload, rows[huge].payload) == ({}, {})
    assert all(row.payload_truncated for row in rows.values())


def test_a_row_tells_how_long_a_task_waited_and_ran() -> None:
    task_id = submit("echo")
    (row,) = tq.search_tasks().tasks
    assert row.wait_s is not None and row.wait_s >= 0 and row.run_s is None
    worker = HandWorker()
    claim = worker.claim()
    (row,) = tq.search_tasks().tasks
    assert row.run_s is not None and row.run_s >= 0
    worker.step(commit(claim, "SUCCESS"), want=0)
    (row,) = tq.search_tasks().tasks
    record = tq.get_task(task_id)
    assert record.started_at is not None and record.finished_at is not None
    assert row.run_s == (record.finished_at - record.started_at).total_seconds()


def test_a_window_that_is_empty_finds_nothing() -> None:
    submit("echo")
    assert pages.find(BROKERS, parse(""), window=Window(5, 5)).tasks == ()


def _times(*commands: str) -> int:
    """How often these commands have run."""
    found: dict[str, dict[str, int]] = broker.info("commandstats")
    named = [found[f"cmdstat_{name}"] for name in commands if f"cmdstat_{name}" in found]
    return sum(each["calls"] - each["failed_calls"] for each in named)


def _now_ms() -> int:
    seconds, microseconds = broker.time()
    return seconds * 1000 + microseconds // 1000


def _submitted_ms(task_id: str) -> float:
    return broker.zscore(keys.submitted(QUEUE), task_id)
