"""What is made of the samples of a promise, and the ledger that they are read from."""

import json
from pathlib import Path

from benchmarks.promises.arena import Ledger
from benchmarks.promises.promise import Promise, render, save

KEPT = Promise("cancel", tuple(float(n) for n in range(1, 101)), goal=99.5)
MISSED = Promise("retry", (5.0, 120.0), goal=100.0)
WITHOUT_GOAL = Promise("recovery", (2000.0,))


def test_a_promise_is_kept_when_its_p99_is_below_the_goal() -> None:
    assert (KEPT.p50, KEPT.p99, KEPT.kept) == (50.0, 99.0, True)
    assert not MISSED.kept
    assert WITHOUT_GOAL.kept


def test_the_table_says_which_promises_were_missed() -> None:
    _, _, *rows = (
        " ".join(row.split()) for row in render([KEPT, MISSED, WITHOUT_GOAL]).split("\n")
    )
    assert rows == [
        "cancel 100 50.0 99.0 100.0 ms < 99.5 kept",
        "retry 2 5 120 120 ms < 100 MISSED",
        "recovery 1 2,000 2,000 2,000 ms",
    ]


def test_the_figures_are_kept_with_what_they_were_measured_on(tmp_path: Path) -> None:
    save([MISSED], tmp_path / "results" / "promises.json")
    report = json.loads((tmp_path / "results" / "promises.json").read_text())
    assert {"measured_at", "commit", "python", "redis", "machine"} <= report.keys()
    (promise,) = report["promises"]
    assert (promise["n"], promise["p99"], promise["kept"]) == (2, 120.0, False)


def test_the_ledger_leaves_a_line_that_is_being_written(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger")
    ledger.file.write_text("id-1 1 1 77 10.500000\nid-1 1 2 78 11.")
    assert [begin.pid for begin in ledger.of("id-1")] == [77]
    with ledger.file.open("a") as file:
        file.write("250000\n")
    first, second = ledger.of("id-1")
    assert (first.delivery, second.delivery, second.at) == (1, 2, 11.25)
