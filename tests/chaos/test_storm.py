"""The storm, short; and the checker itself, which must fail whenever a promise is broken."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.chaos import ledger
from tests.chaos.arena import REPOSITORY
from tests.chaos.checker import Breach, Checker
from tests.chaos.history import (
    Arrival,
    Cancel,
    Child,
    Execution,
    Flow,
    History,
    Hit,
    Sighting,
    Submission,
)
from tests.chaos.planted import BUGS, Bug, plant, storm_with
from tests.chaos.recoveries import recoveries
from tests.chaos.schedule import HARMS, FaultKind, faults, harms
from tests.chaos.summary import read, summarise, table, write
from tests.chaos.verdict import render

WORK = Submission("work-1", True, "SUCCESS", 1, "id-1")
RUN = Execution("work-1", "id-1", 1, 1, "slot/1", pid=7, began_at=10.0, ended_at=11.0)
ENDED = Sighting("id-1", "work-1", "SUCCESS", result="slot/1", submitted_at=9.0, finished_at=11.0)
KILL = Hit(FaultKind.KILL_WORKER, "consumer-1/0", 10.5, 10.5, frozenset({7}))

GOOD = History((WORK,), executions=(RUN,), sightings={"id-1": (ENDED, ENDED)})
#: The first execution was killed, the second came to the end.
REPEATED = History(
    (WORK,),
    executions=(
        replace(RUN, ended_at=None),
        replace(RUN, delivery=2, token="slot/2", pid=8, began_at=10.8),
    ),
    sightings={"id-1": (replace(ENDED, result="slot/2", deliveries=2, crashes=1),)},
    hits=(KILL,),
)


def seen(*sightings: Sighting, **changes: Any) -> History:
    """The good history with other sightings of its task."""
    return replace(GOOD, sightings={"id-1": sightings}, **changes)


def breaches(history: History) -> set[Breach]:
    return {violation.breach for violation in Checker(history).violations()}


ARRIVED = Arrival("delivery-1", "id-1", "SUCCESS")


def posted(*arrivals: Arrival) -> History:
    """The good history of a task with a webhook, and what arrived of it."""
    return replace(GOOD, submissions=(replace(WORK, webhook=True),), arrivals={"work-1": arrivals})


LINK = Submission("link-1", False, "SUCCESS", 1, "id-9", after=("work-1",))
NOT_ALL_MEMBERS = replace(GOOD, submissions=(WORK, replace(LINK, after=("work-1", "work-2"))))


@pytest.mark.parametrize(
    "history",
    [GOOD, REPEATED, NOT_ALL_MEMBERS, posted(ARRIVED), posted(ARRIVED, ARRIVED), History()],
)
def test_a_history_without_a_fault_of_the_engine_passes(history: History) -> None:
    assert breaches(history) == set()
    assert render(history, "title").endswith("PASS")


NOT_THERE = replace(GOOD, sightings={})
STILL_WAITS = seen(replace(ENDED, state="RETRY"))
ENDED_AGAIN = seen(ENDED, replace(ENDED, finished_at=12.0))
CAME_BACK = seen(ENDED, replace(ENDED, state="PENDING"), ENDED)
NO_FAULT = replace(REPEATED, hits=())
FAULT_ELSEWHERE = replace(REPEATED, hits=(replace(KILL, pids=frozenset({99})),))
NOT_COUNTED = replace(REPEATED, sightings={"id-1": (replace(ENDED, result="slot/2"),)})
STRANGER = replace(GOOD, executions=(RUN, replace(RUN, task_id="id-2", key="x-1", token="s/9")))
SUBMITTED_TWICE = replace(
    GOOD, sightings={**GOOD.sightings, "id-2": (replace(ENDED, task_id="id-2"),)}
)
GATHER_LOST = replace(GOOD, submissions=(WORK, replace(LINK, after=("work-1", "work-1"))))
LINK_LOST = replace(GOOD, submissions=(WORK, LINK))
LINK_OF_A_FAILURE = seen(
    replace(ENDED, state="FAILURE"),
    submissions=(replace(WORK, ends_as="FAILURE"), LINK),
    executions=(RUN, replace(RUN, key="link-1", task_id="id-9", token="slot/2")),
)
NEVER_RAN = replace(GOOD, executions=())
DID_NOT_FINISH = replace(GOOD, executions=(replace(RUN, ended_at=None),))
REVOKED_BY_NOBODY = seen(replace(ENDED, state="REVOKED"))
NOT_REVOKED = replace(GOOD, cancels=(Cancel("id-1", 9.5, deliveries=1),))
RAN_LATE = seen(
    replace(ENDED, state="REVOKED"), cancels=(Cancel("id-1", answered_at=9.5, deliveries=0),)
)
SAME_CLAIM_TWICE = replace(GOOD, executions=(RUN, replace(RUN, pid=8)))
CLAIM_OF_TWO = replace(GOOD, claims=frozenset({("id-5", "slot/1")}))
SPOILT = replace(GOOD, executions=(replace(RUN, oddities=("a timer runs",)),))
NEVER_BEGUN = seen(replace(ENDED, deliveries=2))
EARLY = seen(
    ENDED,
    submissions=(WORK, LINK),
    executions=(RUN, replace(RUN, key="link-1", task_id="id-9", token="slot/2", began_at=10.9)),
)
ALARM = Submission("alarm-1", False, "SUCCESS", 1, after_failure="work-1")
ALARM_RAN = (RUN, replace(RUN, key="alarm-1", task_id="id-8", token="slot/2"))
ALARM_WITHOUT_CAUSE = replace(GOOD, submissions=(WORK, ALARM), executions=ALARM_RAN)
ALARM_LOST = seen(
    replace(ENDED, state="FAILURE"), submissions=(replace(WORK, ends_as="FAILURE"), ALARM)
)


@pytest.mark.parametrize(
    ("history", "breach"),
    [
        pytest.param(NOT_THERE, Breach.LOST, id="accepted and gone"),
        pytest.param(STILL_WAITS, Breach.LOST, id="accepted and never ended"),
        pytest.param(LINK_LOST, Breach.LOST, id="the next of a pipeline is gone"),
        pytest.param(ENDED_AGAIN, Breach.DOUBLE_TERMINAL, id="ended a second time"),
        pytest.param(CAME_BACK, Breach.DOUBLE_TERMINAL, id="came back after its end"),
        pytest.param(NO_FAULT, Breach.UNEXPLAINED_REPEAT, id="repeated without a fault"),
        pytest.param(FAULT_ELSEWHERE, Breach.UNEXPLAINED_REPEAT, id="the fault hit another"),
        pytest.param(NOT_COUNTED, Breach.UNEXPLAINED_REPEAT, id="repeat that Redis knows not"),
        pytest.param(STRANGER, Breach.UNEXPECTED, id="ran and was never submitted"),
        pytest.param(SUBMITTED_TWICE, Breach.UNEXPECTED, id="submitted once, there twice"),
        pytest.param(GATHER_LOST, Breach.LOST, id="a chord did not call back"),
        pytest.param(LINK_OF_A_FAILURE, Breach.UNEXPECTED, id="a pipeline went on past a failure"),
        pytest.param(NEVER_RAN, Breach.WRONG_END, id="succeeded and never ran"),
        pytest.param(DID_NOT_FINISH, Breach.WRONG_END, id="succeeded before it was done"),
        pytest.param(REVOKED_BY_NOBODY, Breach.WRONG_END, id="revoked by nobody"),
        pytest.param(NOT_REVOKED, Breach.WRONG_END, id="its cancel was answered"),
        pytest.param(RAN_LATE, Breach.RAN_AFTER_CANCEL, id="ran after its cancel"),
        pytest.param(SAME_CLAIM_TWICE, Breach.DOUBLE_CLAIM, id="one claim ran twice"),
        pytest.param(CLAIM_OF_TWO, Breach.DOUBLE_CLAIM, id="one claim holds two tasks"),
        pytest.param(NEVER_BEGUN, Breach.UNEXPLAINED_DELIVERY, id="claimed by no one"),
        pytest.param(EARLY, Breach.TOO_EARLY, id="a join began before its second task had ended"),
        pytest.param(ALARM_WITHOUT_CAUSE, Breach.UNEXPECTED, id="an alarm without a failure"),
        pytest.param(ALARM_LOST, Breach.LOST, id="a failure raised no alarm"),
        pytest.param(
            replace(GOOD, flows=(Flow("flow-1", "failed", "running"),)),
            Breach.BROKEN_FLOW,
            id="a flow never ended",
        ),
        pytest.param(
            replace(GOOD, flows=(Flow("flow-1", "succeeded", None),)),
            Breach.BROKEN_FLOW,
            id="a flow is gone",
        ),
        pytest.param(posted(), Breach.UNDELIVERED, id="a webhook did not arrive"),
        pytest.param(
            posted(ARRIVED, replace(ARRIVED, delivery_id="delivery-2")),
            Breach.UNDELIVERED,
            id="a webhook arrived under two ids",
        ),
        pytest.param(
            posted(replace(ARRIVED, state="FAILURE")),
            Breach.UNDELIVERED,
            id="a webhook told another end",
        ),
        pytest.param(replace(GOOD, gaps=("1 is missing",)), Breach.GAP, id="a gap"),
        pytest.param(replace(GOOD, left_behind=("x",)), Breach.LEFT_BEHIND, id="left behind"),
        pytest.param(SPOILT, Breach.SPOILT_WORKER, id="its worker was not as it should be"),
        pytest.param(replace(GOOD, outlived=("x",)), Breach.OUTLIVED, id="its child lives on"),
        pytest.param(replace(GOOD, held_up=("x",)), Breach.HELD_UP, id="held up"),
        pytest.param(replace(GOOD, unmanned=("x",)), Breach.UNMANNED, id="a worker is missing"),
    ],
)
def test_a_broken_promise_fails(history: History, breach: Breach) -> None:
    assert breach in breaches(history)
    verdict = render(history, "title")
    assert verdict.endswith("FAIL") and f"  {breach.upper()}: " in verdict


def test_a_submit_without_an_answer_may_be_there_or_not() -> None:
    unknown = replace(WORK, accepted=False, task_id=None)
    assert breaches(History((unknown,))) == set()
    assert breaches(replace(GOOD, submissions=(unknown,))) == set()


def test_recovery_is_measured_from_the_fault_to_the_next_begin() -> None:
    (recovery,) = recoveries(REPEATED, [FaultKind.KILL_WORKER])
    assert recovery.seconds == pytest.approx(0.3) and not recovery.disturbed
    assert "1: p50 0.30 s, p99 0.30 s, max 0.30 s" in render(REPEATED, "title")
    other = replace(KILL, kind=FaultKind.KILL_REDIS, at=10.6, pids=frozenset(), everyone=True)
    (recovery,) = recoveries(replace(REPEATED, hits=(KILL, other)), [KILL.kind])
    assert recovery.disturbed


def test_several_storms_make_one_table(tmp_path: Path) -> None:
    passed = summarise(Checker(REPEATED), "Redis 7.0.15", 1, 60)
    failed = summarise(Checker(NOT_THERE), "Valkey 8.0.1", 2, 60)
    write([passed, failed], tmp_path / "storms.json")
    assert read(tmp_path / "storms.json") == [passed, failed]
    _, *rows = (" ".join(row.split()) for row in table([passed, failed]).splitlines())
    assert rows == [
        "Redis 7.0.15 1 1 2 1 1 0 0 0 0.30/0.30 (1) none PASS",
        "Valkey 8.0.1 2 1 1 0 0 1 0 0 none none FAIL",
        "all 2 2 3 1 1 1 0 0 0.30/0.30 (1) none FAIL",
    ]


def test_the_faults_follow_from_the_seed() -> None:
    for draw in (faults, harms):
        assert draw(7, 60) == draw(7, 60) != draw(8, 60)
    for seed in range(20):
        drawn = [*faults(seed, 30), *harms(seed, 30)]
        assert {fault.kind for fault in drawn} == set(FaultKind)


def test_every_way_of_harm_comes_before_any_comes_again() -> None:
    for seed in range(20):
        ways = {(harm.kind, harm.target) for harm in harms(seed, 60)}
        assert ways == {(kind, how) for kind, hows in HARMS.items() for how in hows}


def test_the_ledger_tells_executions_of_one_claim_apart(tmp_path: Path) -> None:
    file = tmp_path / "ledger"
    begin = '["begin", "work-1", "id-1", 1, 1, "slot/1", {}, {}, 5, []]\n'
    end = '["end", "work-1", "id-1", 1, 1, "slot/1", 7, 11.0]\n'
    file.write_text(begin.format(7, 10.0) + begin.format(8, 10.5) + end)
    first, second = ledger.executions(file)
    assert first == replace(RUN, consumer=5)
    assert second == replace(first, pid=8, began_at=10.5, ended_at=None)


def test_the_ledger_tells_what_tasks_did_to_their_workers(tmp_path: Path) -> None:
    file = tmp_path / "ledger"
    begin = '["begin", "work-1", "id-1", 1, 1, "slot/1", {}, 10.0, {}, ["a timer runs"]]\n'
    harm = '["harm", "harm-1", "id-2", 1, 1, "slot/2", 7, 11.0, "end worker", "{}", 5]\n'
    child = '["child", "harm-2", "id-3", 1, 1, "slot/3", 7, 12.0, 9, 11.9]\n'
    workers = begin.format(7, 5) + begin.format(8, 5) + begin.format(9, 6)
    file.write_text(workers + harm.format("exit") + harm.format("consumer SIGKILL") + child)
    assert [hit.pids for hit in ledger.harms(file)] == [{7}, {7, 8}]
    assert {hit.kind for hit in ledger.harms(file)} == {FaultKind.END_WORKER}
    assert ledger.children(file) == (Child("id-3", "slot/3", 9, 11.9),)
    assert ledger.executions(file)[0].oddities == ("a timer runs",)


def test_nothing_is_lost_in_a_short_storm() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "tests.chaos", "--seconds", "12", "--seed", "1"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    print(run.stdout, run.stderr)
    assert run.returncode == 0 and run.stdout.rstrip().endswith("PASS")


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_a_bug_can_be_planted(bug: Bug, tmp_path: Path) -> None:
    plant(bug, tmp_path)
    assert bug.broken in (tmp_path / bug.file).read_text()


@pytest.mark.parametrize("bug", BUGS[1:3], ids=lambda bug: bug.name)
def test_the_storm_notices_a_planted_bug(bug: Bug) -> None:
    """What shows in one case of four may stay hidden in three seconds of a slow machine."""
    said: list[str] = []
    for seed in range(1, 5):
        caught, words = storm_with(bug, ["--seconds", "3", "--seed", f"{seed}"])
        if caught:
            return
        said.append(words)
    raise AssertionError("\n".join(said))
