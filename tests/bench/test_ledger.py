"""The accounting over the effects ledger."""

from pathlib import Path

from benchmarks import ledger
from benchmarks.ledger import Line


def test_a_line_that_is_just_being_written_is_left_for_the_next_look(tmp_path: Path) -> None:
    file = tmp_path / "ledger.txt"
    assert ledger.read(file) == []
    file.write_text("begin 7 4242 100.500000\nend 7 42")
    assert ledger.read(file) == [Line("begin", 7, 100.5)]


def test_a_task_that_never_came_to_its_end_is_lost() -> None:
    lines = [Line("begin", 0, 1.0), Line("end", 0, 1.2), Line("begin", 1, 1.1)]
    account = ledger.account(range(3), lines)
    assert (account.accepted, account.done, account.lost) == (3, 1, 2)
    assert account.all_done_at is None


def test_all_is_done_when_the_last_task_has_ended_for_the_first_time() -> None:
    lines = [
        Line("begin", 0, 1.0),
        Line("begin", 1, 1.0),
        Line("end", 0, 1.2),
        Line("end", 1, 1.3),
        Line("begin", 0, 5.0),
        Line("end", 0, 5.2),
    ]
    account = ledger.account(range(2), lines)
    assert account.all_done_at == 1.3
    assert account.repeated == 1
