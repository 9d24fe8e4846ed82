"""Records that cannot be delivered: a line for each, whatever is killed while it is written."""

import json
from pathlib import Path
from typing import Any

import pytest

from huey_tasks.invocations import dead_letters


def letter(task_id: str, **more: Any) -> dict[str, Any]:
    return {"task_id": task_id, "to": "x", "why": "y", "body": {"a": "ü"}, **more}


def lines_of(file: Path) -> list[Any]:
    return [json.loads(line) for line in file.read_bytes().splitlines()]


def test_a_repeat_adds_no_second_line(tmp_path: Path) -> None:
    file = dead_letters.file_of(tmp_path / "data", "f")
    for task_id in ("1", "2", "1"):
        dead_letters.keep(file, "on_failure", letter(task_id))
    dead_letters.keep(file, "dead_letter", letter("1"))
    found = [(each["task_id"], each["option"]) for each in lines_of(file)]
    assert found == [("1", "on_failure"), ("2", "on_failure"), ("1", "dead_letter")]
    kept = dead_letters.kept(tmp_path / "data", "f")
    assert kept is not None and (kept.file, kept.records) == (file, 3)
    assert dead_letters.kept(tmp_path / "data", "other") is None


@pytest.mark.parametrize("number", [1, 2])
@pytest.mark.parametrize("cut", [1, 10, 60])
def test_a_line_that_was_cut_short_is_written_again(tmp_path: Path, cut: int, number: int) -> None:
    """`kill -9` in the middle of the write: the attempt runs again, and its record is whole."""
    file = tmp_path / "f.jsonl"
    ids = ["1", "2"][:number]
    for task_id in ids:
        dead_letters.keep(file, "on_success", letter(task_id))
    file.write_bytes(file.read_bytes()[:-cut])
    dead_letters.keep(file, "on_success", letter(ids[-1], body=None))
    assert [each["task_id"] for each in lines_of(file)] == ids
    assert lines_of(file)[-1]["body"] is None


def test_an_id_inside_of_a_body_is_no_repeat(tmp_path: Path) -> None:
    file = tmp_path / "f.jsonl"
    dead_letters.keep(file, "on_success", letter("1"))
    taken = lines_of(file)[0]["id"]
    file.write_bytes(b"")
    dead_letters.keep(file, "on_success", letter("0", body={"id": taken}))
    dead_letters.keep(file, "on_success", letter("1"))
    assert [each["task_id"] for each in lines_of(file)] == ["0", "1"]


def test_a_folder_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "dead-letters").write_text("a file")
    with pytest.raises(OSError):
        dead_letters.keep(dead_letters.file_of(tmp_path, "f"), "on_success", letter("1"))
