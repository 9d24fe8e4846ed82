"""Each version of a dropped file makes one task, on all machines, whatever happens."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes

import pytest

import huey_tasks as tq
from huey_tasks.broker import function_keys
from huey_tasks.broker.scripts.watches import NewFile
from huey_tasks.broker.watched_files import WatchedFiles
from huey_tasks.functions.catalogue import Catalogue
from huey_tasks.invocations import function_types
from huey_tasks.records.ids import new_id
from huey_tasks.watches import settling, watch
from huey_tasks.watches.settling import Writers
from huey_tasks.watches.watch import Watch
from tests.invariants import counted_ever

HANDLER = "def handler(event, context): return event\n"
broker = tq.default.broker


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("sees", "other"):
        (tmp_path / f"{name}.py").write_text(HANDLER)
    (tmp_path / "functions.toml").write_text('[sees]\nwatch = ["inbox/*.png"]\n')
    (tmp_path / "inbox").mkdir()
    monkeypatch.setattr(function_types, "CATALOGUE", Catalogue([tmp_path]))
    quick = {Writers.NONE: 0.0, Writers.UNKNOWN: 0.0, Writers.SOME: 60.0}
    monkeypatch.setattr(watch, "SETTLED_S", quick)
    return tmp_path


def watch_of(root: Path, name: str = "sees", *patterns: str) -> Watch:
    return Watch(broker, tq.CONFIG, name, root, patterns or ("inbox/*.png",))


def events(name: str = "sees") -> Iterator[dict[str, Any]]:
    for row in tq.list_tasks(limit=1000):
        if row.task_type == name:
            yield tq.get_task(row.task_id).payload["Records"][0]


def keys(name: str = "sees") -> list[str]:
    return sorted(each["s3"]["object"]["key"] for each in events(name))


def test_the_event_is_that_of_s3_with_the_place_of_the_file(root: Path) -> None:
    (root / "inbox/a b+ä.png").write_text("four")
    watch_of(root).look()
    (event,) = events()
    version = (root / "inbox/a b+ä.png").stat().st_mtime_ns
    assert event.pop("eventTime").endswith("Z")
    assert event == {
        "eventVersion": "2.1", "eventSource": "aws:s3", "awsRegion": "us-east-1",
        "eventName": "ObjectCreated:Put",
        "s3": {
            "s3SchemaVersion": "1.0",
            "bucket": {"name": root.name, "arn": f"arn:aws:s3:::{root.name}"},
            "object": {"key": "inbox/a+b%2B%C3%A4.png", "size": 4,
                       "eTag": f"{version:x}-4", "sequencer": f"{version:016X}"},
        },
        "file": {"path": f"{root}/inbox/a b+ä.png",
                 "uri": f"file://{root}/inbox/a%20b%2B%C3%A4.png"},
    }  # fmt: skip
    (task,) = [each for each in tq.list_tasks() if each.task_type == "sees"]
    record = tq.get_task(task.task_id)
    assert (record.max_attempts, record.queue) == (3, "default")
    assert record.invocation is not None and record.invocation["kind"] == "Event"


def test_a_name_that_is_not_utf_8_can_be_opened_by_its_uri(root: Path) -> None:
    raw = os.fsencode(root) + b"/inbox/\xff.png"
    Path(os.fsdecode(raw)).write_text("x")
    watch_of(root).look()
    (event,) = events()
    assert event["s3"]["object"]["key"] == "inbox/%FF.png"
    assert event["file"]["path"] is None
    assert unquote_to_bytes(event["file"]["uri"].removeprefix("file://")) == raw


def test_each_version_is_taken_once_by_all_who_watch(root: Path) -> None:
    machines = [watch_of(root) for _ in range(3)]
    file = root / "inbox/a.png"
    for number in range(1, 4):
        file.write_text("x" * number)
        for each in [*machines, *machines]:
            each.look()
        watch_of(root).look()  # one that has just started
        assert keys() == ["inbox/a.png"] * number
    sizes = [each["s3"]["object"]["size"] for each in events()]
    assert sorted(sizes) == [1, 2, 3]
    watch_of(root, "other", "inbox/*").look()
    assert keys("other") == ["inbox/a.png"], "another function has its own"


def test_a_file_that_is_being_written_waits(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    watching = watch_of(root)
    with (root / "inbox/a.png").open("w") as file:
        file.write("half")
        file.flush()
        for _ in range(3):
            watching.look()
        assert keys() == []
        file.write(" and half")
    watching.look()
    assert [each["s3"]["object"]["size"] for each in events()] == [13]
    monkeypatch.setitem(watch.SETTLED_S, Writers.NONE, 3600.0)
    (root / "inbox/b.png").write_text("fresh")
    watching.look()
    assert keys() == ["inbox/a.png"], "it has not been unchanged for long"
    with (root / "inbox/c.png").open("w"):
        monkeypatch.setitem(watch.SETTLED_S, Writers.SOME, 0.0)
        watching.look()
    assert keys() == ["inbox/a.png", "inbox/c.png"], "nobody keeps a file open for ever"


@pytest.mark.parametrize("error", [PermissionError, OSError(22, "no leases here")])
def test_where_the_kernel_does_not_know_who_writes_time_tells(
    root: Path, monkeypatch: pytest.MonkeyPatch, error: Any
) -> None:
    def refuse(fd: int, command: int, value: int) -> int:
        raise error

    monkeypatch.setattr(settling.fcntl, "fcntl", refuse)
    monkeypatch.setitem(watch.SETTLED_S, Writers.NONE, 3600.0)
    (root / "inbox/a.png").write_text("x")
    watch_of(root).look()
    assert keys() == ["inbox/a.png"]


def test_a_folder_that_goes_and_comes_back_is_no_news(root: Path) -> None:
    """As a share that is unmounted, by one who watches all the time, and one who starts later."""
    (root / "inbox/a.png").write_text("x")
    watching = watch_of(root)
    watching.look()
    (root / "inbox").rename(root / "away")
    watching.look()
    assert watching.problem == "inbox cannot be read: No such file or directory"
    (root / "inbox").mkdir()
    for each in (watching, watch_of(root)):
        each.look()
    (root / "inbox").rmdir()
    (root / "away").rename(root / "inbox")
    for each in (watching, watch_of(root)):
        each.look()
    assert keys() == ["inbox/a.png"]
    assert watching.problem is None


def test_a_file_that_is_taken_away_and_dropped_again_is_new(root: Path) -> None:
    file, done = root / "inbox/a.png", root / "done.png"
    file.write_text("x")
    one, late = watch_of(root), watch_of(root)
    one.look()
    late.look()
    for number in (2, 3):
        file.rename(done)
        one.look()
        assert broker.redis.hlen(function_keys.watched("sees")) == 0
        done.rename(file)
        one.look()
        late.look()  # it has not seen that the file was away
        assert keys() == ["inbox/a.png"] * number
    file.unlink()
    late.look()
    assert broker.redis.hlen(function_keys.watched("sees")) == 1, "the mark is of a later version"


def test_what_was_dropped_while_nobody_watched_or_could_be_stored_comes_later(root: Path) -> None:
    (root / "inbox/a.png").write_text("x")
    tq.drain("default")
    watching = watch_of(root)
    watching.look()
    assert keys() == []
    tq.resume("default")
    watching.look()
    (root / "inbox/b.png").write_text("x")
    watch_of(root).look()
    assert keys() == ["inbox/a.png", "inbox/b.png"]


def test_marks_of_files_that_went_unseen_go_after_thirty_days(root: Path) -> None:
    (root / "inbox/a.png").write_text("x")
    watch_of(root).look()
    key, day_ms = function_keys.watched("sees"), 86_400_000
    now = broker.now_ms()
    broker.redis.hset(key, b"old", f"1-1@{now - 31 * day_ms}")
    broker.redis.hset(key, b"new", f"1-1@{now - 29 * day_ms}")
    watch_of(root).look()
    fields = broker.redis.hkeys(key)
    assert b"old" not in fields and b"new" in fields and len(fields) == 2


def test_thousands_of_files_at_once(root: Path) -> None:
    for number in range(1200):
        (root / f"inbox/{number}.png").touch()
    watching = watch_of(root)
    watching.look()
    for each in (watching, watch_of(root)):
        each.look()
    assert broker.redis.hlen(function_keys.watched("sees")) == 1200
    assert counted_ever(broker.redis, "default", "SUBMITTED") == 1200


def test_two_that_find_a_version_at_the_same_moment_make_one_task(root: Path) -> None:
    function = function_types.find("sees")
    assert function is not None
    marked = WatchedFiles(broker, "sees")
    new = [NewFile(b"f", version, function.new_task(new_id(), "default", {})) for version in "123"]
    first = marked.take(new[:1])
    assert marked.take([new[0]._replace(task=new[1].task), new[2]]) == [
        *first, marked.marks([b"f"])[0],
    ]  # fmt: skip
    assert {each.task_id for each in tq.list_tasks()} == {new[2].task.id, new[0].task.id}
