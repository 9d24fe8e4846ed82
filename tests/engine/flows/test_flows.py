"""Flows on a private Redis: nodes start, are skipped, take results, are cancelled and retried."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

import huey_tasks as tq
from huey_tasks import testing
from huey_tasks.broker import access_keys, flow_keys, keys
from huey_tasks.broker.broker import Brokers
from huey_tasks.broker.protocol import Claim
from huey_tasks.broker.scripts.flows import FlowScripts, StoredNode
from huey_tasks.flows import changes
from huey_tasks.flows.changes import go_on_with_flows
from huey_tasks.flows.subgraph import StoredGraph
from huey_tasks.queues import BROKERS
from tests.conftest import StartConsumer
from tests.engine.helpers import HandWorker, commit, scripts
from tests.waiting import wait_until

broker = tq.default.broker.redis

FlowNode = tq.FlowNode


def echo(name: str, *after: str, **more: Any) -> tq.FlowNode:
    """A node that gives back a value."""
    return FlowNode(name, "echo", more.pop("payload", {}), after=after, **more)


def submit(*nodes: tq.FlowNode, **more: Any) -> str:
    return tq.submit_flow(nodes, **more).flow_id


def nodes_of(flow_id: str) -> dict[str, tq.NodeRecord]:
    return {node.name: node for node in tq.flow_nodes(tq.get_flow(flow_id)).nodes}


def states(flow_id: str) -> dict[str, str]:
    return {name: node.status for name, node in nodes_of(flow_id).items()}


def ended(flow_id: str, wanted: str) -> tq.FlowRecord:
    """Wait for the end of a flow."""

    def reached() -> tq.FlowRecord | None:
        flow = tq.get_flow(flow_id)
        assert flow.status in ("running", wanted), states(flow_id)
        return flow if flow.status == wanted else None

    found = wait_until(reached, description=f"the flow is {wanted}", timeout_s=20)
    assert found is not None
    return found


@pytest.fixture
def runs() -> Iterator[None]:
    """What is submitted runs at once, with its own code."""
    with testing.eager() as eager:
        eager.raises = False
        yield


def names(claims: Sequence[Claim], flow_id: str) -> list[str]:
    of_id = {node.task_id: name for name, node in nodes_of(flow_id).items()}
    return [of_id[claim.id] for claim in claims]


def end(worker: HandWorker, flow_id: str, name: str, state: str = "SUCCESS") -> None:
    """Claim what waits and end it, up to and with the task of that node."""
    while True:
        claim = worker.claim()
        name_of = names([claim], flow_id)[0]
        worker.step(commit(claim, state if name_of == name else "SUCCESS", reason="no"), want=0)
        if name_of == name:
            return


DIAMOND = (echo("a"), echo("b", "a"), echo("c", "a"), echo("d", "b", "c"))


def test_a_node_starts_when_all_before_it_have_succeeded() -> None:
    flow_id, worker = submit(*DIAMOND), HandWorker()
    assert states(flow_id) == {"a": "submitted", "b": "waiting", "c": "waiting", "d": "waiting"}
    end(worker, flow_id, "a")
    end(worker, flow_id, "b")
    assert states(flow_id) == {"a": "succeeded", "b": "succeeded", "c": "submitted", "d": "waiting"}
    end(worker, flow_id, "c")
    assert tq.get_flow(flow_id).progress == 0.75
    end(worker, flow_id, "d")
    flow = tq.get_flow(flow_id)
    assert (flow.status, flow.progress, flow.counts["succeeded"]) == ("succeeded", 1.0, 4)
    assert flow.finished_at is not None


@pytest.mark.usefixtures("runs")
def test_results_go_by_name_over_queues() -> None:
    flow_id = submit(
        FlowNode("one", "add", {"a": 1, "b": 2}, priority="high"),
        FlowNode("two", "add", {"a": 10, "b": 20}),
        FlowNode("sum", "add", after=["one", "two"], results={"a": "one", "b": "two"}),
        FlowNode("last", "echo", priority="high", after=["sum"], results={"value": "sum"}),
    )
    assert tq.get_flow(flow_id).status == "succeeded"
    last = nodes_of(flow_id)["last"]
    assert last.task_id is not None
    task = tq.get_task(last.task_id)
    assert (task.result, task.queue) == (33, "high")
    assert task.payload == {"value": {"result_of": "sum"}}


@pytest.mark.usefixtures("runs")
def test_a_failed_node_skips_what_is_behind_it_and_starts_its_rescue() -> None:
    flow_id = submit(
        FlowNode("bad", "give_up", on_failure="mend"),
        echo("good", on_failure="unneeded"),
        echo("behind", "bad"),
        echo("far", "behind", "good"),
        FlowNode("mend", "echo", results={"value": "bad"}),
        FlowNode("unneeded", "echo"),
        echo("after_mend", "mend"),
        echo("after_unneeded", "unneeded"),
    )
    flow = tq.get_flow(flow_id)
    assert flow.status == "failed"
    assert states(flow_id) == {
        "bad": "failed", "good": "succeeded", "behind": "skipped", "far": "skipped",
        "mend": "succeeded", "unneeded": "skipped", "after_mend": "succeeded",
        "after_unneeded": "skipped",
    }  # fmt: skip
    assert flow.counts["skipped"] == 4
    assert nodes_of(flow_id)["bad"].task_status == tq.TaskState.FAILURE
    mend, bad = nodes_of(flow_id)["mend"].task_id, nodes_of(flow_id)["bad"].task_id
    assert mend is not None and bad is not None
    assert tq.get_task(mend).result == tq.get_task(bad).error


@pytest.mark.parametrize("end_as", ["FAILURE", "REVOKED", "EXPIRED", "DEAD", "cancel", "purge"])
def test_a_node_without_success_skips_the_others_however_it_ended(end_as: str) -> None:
    flow_id = submit(*DIAMOND)
    task_id = nodes_of(flow_id)["a"].task_id
    assert task_id is not None
    if end_as == "cancel":
        tq.cancel(task_id)
    elif end_as == "purge":
        tq.purge("default")
    else:
        worker = HandWorker()
        worker.step(commit(worker.claim(), end_as, reason="no"), want=0)
    flow = tq.get_flow(flow_id)
    is_cancelled = end_as in ("REVOKED", "cancel", "purge")
    assert flow.status == ("cancelled" if is_cancelled else "failed")
    assert flow.reason == ("node 'a' was cancelled" if is_cancelled else None)
    assert flow.counts["skipped"] == 3


def test_a_repeated_commit_counts_an_end_once() -> None:
    flow_id, worker = submit(*DIAMOND), HandWorker()
    done = commit(worker.claim(), "SUCCESS")
    worker.step(done, want=0)
    worker.again(done, want=0)
    worker.step(done, want=0)
    assert states(flow_id)["d"] == "waiting"
    assert broker.zcard(keys.index("default", "PENDING")) == 2


def test_a_cancelled_flow_starts_nothing_and_stops_what_runs() -> None:
    flow_id = submit(echo("runs", on_failure="mend"), echo("behind", "runs"), echo("mend"))
    worker = HandWorker()
    claim = worker.claim()
    flow = tq.cancel_flow(flow_id, tq.Operator("ada", "wrong input"))
    assert (flow.status, flow.counts["cancelled"]) == ("cancelled", 3)
    assert worker.step(commit(claim, "SUCCESS")) == ([False], [])
    record = tq.get_task(claim.id)
    assert (record.status, record.error) == ("REVOKED", "cancelled: wrong input")
    with pytest.raises(tq.FlowFinished):
        tq.cancel_flow(flow_id)
    (entry,) = [e for e in tq.audit_trail().entries if e.action == "flow_cancel"]
    assert (entry.who, entry.why, entry.target) == ("ada", "wrong input", flow_id)
    assert entry.queue is None
    assert flow.reason == "cancelled: wrong input"


def test_a_consumer_goes_on_with_a_cancel_that_nobody_finished() -> None:
    flow_id = submit(echo("a"), echo("b", "a"))
    FlowScripts(scripts(), "default").flow_cancel(flow_id, "cancelled", "")  # and the caller dies
    assert tq.get_flow(flow_id).status == "running"
    go_on_with_flows()
    assert tq.get_flow(flow_id).status == "cancelled"


def test_a_cancel_ends_a_node_whose_task_was_erased() -> None:
    flow_id = submit(echo("a"), echo("b", "a"))
    task_id = nodes_of(flow_id)["a"].task_id
    assert task_id is not None
    broker.delete(keys.task("default", task_id))
    broker.zrem(keys.index("default", "PENDING"), task_id)
    assert tq.cancel_flow(flow_id).status == "cancelled"


def test_a_retry_runs_a_node_and_all_behind_it_again() -> None:
    flow_id, worker = submit(*DIAMOND), HandWorker()
    end(worker, flow_id, "a")
    end(worker, flow_id, "b", "FAILURE")
    end(worker, flow_id, "c")
    before = nodes_of(flow_id)
    assert tq.get_flow(flow_id).status == "failed"
    flow = tq.retry_flow(flow_id, by=tq.Operator("ada"))
    assert (flow.status, flow.finished_at, flow.retries) == ("running", None, 1)
    assert states(flow_id) == {"a": "succeeded", "b": "submitted", "c": "succeeded", "d": "waiting"}
    assert nodes_of(flow_id)["c"].task_id == before["c"].task_id
    assert nodes_of(flow_id)["b"].task_id != before["b"].task_id
    with pytest.raises(tq.FlowNotRetryable):
        tq.retry_flow(flow_id)
    end(worker, flow_id, "b")
    end(worker, flow_id, "d")
    assert tq.get_flow(flow_id).status == "succeeded"
    with pytest.raises(tq.FlowNotRetryable):
        tq.retry_flow(flow_id)
    with pytest.raises(tq.InvalidQuery):
        tq.retry_flow(flow_id, "nobody")
    assert tq.retry_flow(flow_id, "a").counts["waiting"] == 3


def test_a_retry_of_a_flow_that_has_run_meanwhile_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    flow_id, worker, read = submit(echo("a")), HandWorker(), changes._graph
    end(worker, flow_id, "a", "FAILURE")

    def read_and_run_again(flow: tq.FlowRecord) -> StoredGraph:
        graph = read(flow)
        monkeypatch.undo()
        tq.retry_flow(flow_id)
        end(worker, flow_id, "a")
        return graph

    monkeypatch.setattr(changes, "_graph", read_and_run_again)
    with pytest.raises(tq.FlowNotRetryable, match="has changed meanwhile"):
        tq.retry_flow(flow_id)
    assert tq.get_flow(flow_id).status == "succeeded"


def test_a_retry_of_a_node_that_no_failure_has_called_for_is_refused() -> None:
    flow_id = submit(echo("a", on_failure="alarm"), echo("alarm"))
    end(HandWorker(), flow_id, "a")
    with pytest.raises(tq.FlowNotRetryable, match="starts when another fails"):
        tq.retry_flow(flow_id, "alarm")
    assert tq.get_flow(flow_id).status == "succeeded"


def test_a_retry_of_a_node_behind_a_failed_one_is_refused() -> None:
    flow_id = submit(*DIAMOND)
    end(HandWorker(), flow_id, "a", "FAILURE")
    with pytest.raises(tq.FlowNotRetryable, match="waits for one"):
        tq.retry_flow(flow_id, "d")


def test_a_rescue_runs_again_with_the_node_that_it_is_for() -> None:
    flow_id, worker = (
        submit(echo("a", on_failure="mend"), echo("mend"), echo("b", "a")),
        HandWorker(),
    )
    end(worker, flow_id, "a", "FAILURE")
    end(worker, flow_id, "mend")
    assert states(flow_id) == {"a": "failed", "mend": "succeeded", "b": "skipped"}
    tq.retry_flow(flow_id)
    assert states(flow_id) == {"a": "submitted", "mend": "waiting", "b": "waiting"}
    end(worker, flow_id, "a")
    end(worker, flow_id, "b")
    assert states(flow_id) == {"a": "succeeded", "mend": "skipped", "b": "succeeded"}


def test_one_script_moves_some_nodes_and_consumers_go_on_with_the_rest() -> None:
    wide = [echo("a"), *(echo(f"n{i}", "a") for i in range(120)), echo("last", "n119")]
    flow_id, worker = submit(*wide), HandWorker()
    end(worker, flow_id, "a")
    assert tq.get_flow(flow_id).counts["submitted"] == 50
    assert go_on_with_flows() == 0.0
    assert go_on_with_flows() is None
    assert tq.get_flow(flow_id).counts["submitted"] == 120
    assert not broker.exists(flow_keys.moving())
    tq.cancel_flow(flow_id)
    while go_on_with_flows() is not None:
        continue
    flow = tq.get_flow(flow_id)
    assert (flow.status, flow.counts["cancelled"]) == ("cancelled", 121)
    assert tq.retry_flow(flow_id).counts["waiting"] == 71


def test_tasks_of_a_queue_that_is_served_no_more_hold_up_no_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gone = [echo(f"n{i}", priority="low") for i in range(changes.PIECE + 1)]
    flow_id = submit(*gone, echo("here"))
    while go_on_with_flows() is not None:
        continue
    with monkeypatch.context() as patch:
        patch.setattr(changes, "BROKERS", Brokers([BROKERS["high"], BROKERS["default"]]))
        tq.cancel_flow(flow_id)
        assert states(flow_id)["here"] == "cancelled"
        assert go_on_with_flows() is None  # it does not work without a rest
        assert tq.get_flow(flow_id).counts["cancelled"] == 1
    while go_on_with_flows() is not None:
        continue
    assert tq.get_flow(flow_id).status == "cancelled"


def test_flows_that_have_gone_leave_the_list_though_older_ones_live() -> None:
    living = {submit(echo("a")) for _ in range(25)}
    after_us = broker.zrange(flow_keys.flows(), -1, -1, withscores=True)[0][1]
    broker.zadd(flow_keys.flows(), {f"gone-{number}": after_us for number in range(200)})
    living |= {submit(echo("a")) for _ in range(100)}
    assert broker.zcard(flow_keys.flows()) - len(living) < 20


def test_a_flow_that_never_begins_goes_away() -> None:
    store = FlowScripts(scripts(), "default")
    assert store.flow_store("f", [StoredNode("start", "", 0, "{}"), StoredNode(0, "i", 1, "{}")])
    assert broker.pttl(flow_keys.nodes("f")) > 0
    begun = store.flow_begin("f", "", 2, "[]", "[]", ttl_ms=1000, once="", may_refuse=True)
    assert begun == "gone" and tq.list_flows().flows == ()


def test_a_draining_queue_refuses_all_of_a_flow() -> None:
    tq.drain("high")
    with pytest.raises(tq.QueueDraining):
        submit(echo("a"), echo("b", "a", priority="high"))
    assert tq.list_flows().flows == ()
    tq.resume("high")


def test_an_idempotency_key_finds_the_first_flow() -> None:
    first = tq.submit_flow(DIAMOND, name="x", idempotency_key="k")
    again = tq.submit_flow(DIAMOND, name="x", idempotency_key="k")
    assert again == first._replace(is_replay=True)
    assert tq.submit_flow(DIAMOND, name="x", idempotency_key="k", caller="b").is_replay is False
    with pytest.raises(tq.IdempotencyKeyReused):
        tq.submit_flow(DIAMOND, name="y", idempotency_key="k")


def test_flows_are_listed_newest_first_in_pages() -> None:
    ids = [submit(echo("a"), name=f"n{number}") for number in range(3)]
    page = tq.list_flows(limit=2)
    assert [flow.flow_id for flow in page.flows] == ids[:0:-1]
    rest = tq.list_flows(page.next_cursor, 2)
    assert [flow.name for flow in rest.flows] == ["n0"] and rest.next_cursor is None


def test_nodes_come_in_pages() -> None:
    flow = tq.get_flow(submit(*(echo(f"n{number}") for number in range(5))))
    page = tq.flow_nodes(flow, 0, 3)
    assert page.next_offset == 3
    rest = tq.flow_nodes(flow, 3, 3)
    assert [node.name for node in rest.nodes] == ["n3", "n4"] and rest.next_offset is None


WRONG: dict[str, tuple[list[tq.FlowNode], set[tuple[str, str]]]] = {
    "no node": ([], {("/nodes", "length")}),
    "too many": ([echo(f"n{i}") for i in range(10_001)], {("/nodes", "length")}),
    "a name": ([echo("a b")], {("/nodes/0/name", "name")}),
    "two of a name": ([echo("a"), echo("a")], {("/nodes/0/name", "duplicate")}),
    "an unknown parent": ([echo("a", "x")], {("/nodes/0/after/0", "unknown_node")}),
    "a parent twice": ([echo("a"), echo("b", "a", "a")], {("/nodes/1/after/1", "duplicate")}),
    "a cycle": (
        [echo("a", "c"), echo("b", "a"), echo("c", "b"), echo("d")],
        {(f"/nodes/{number}/after", "cycle") for number in range(3)},
    ),
    "itself": ([echo("a", "a")], {("/nodes/0/after", "cycle")}),
    "its own rescue": ([echo("a", on_failure="a")], {("/nodes/0/after", "cycle")}),
    "an unknown rescue": ([echo("a", on_failure="x")], {("/nodes/0/on_failure", "unknown_node")}),
    "a rescue that waits": (
        [echo("a", on_failure="b"), echo("b", "a")],
        {("/nodes/1/after", "conflict")},
    ),
    "a result of another": (
        [echo("a"), FlowNode("b", "echo", results={"value": "a"})],
        {("/nodes/1/results/value", "not_before")},
    ),
    "a result and a payload": (
        [echo("a"), echo("b", "a", payload={"value": 1}, results={"value": "a"})],
        {("/nodes/1/results/value", "conflict")},
    ),
    "no such parameter": (
        [echo("a"), echo("b", "a", results={"x/y": "a"})],
        {("/nodes/1/results/x~1y", "extra_forbidden")},
    ),
    "something of each kind": (
        [echo("a b"), echo("c", "x"), FlowNode("d", "nothing_such", results={"value": "c"})],
        {
            ("/nodes/0/name", "name"),
            ("/nodes/1/after/0", "unknown_node"),
            ("/nodes/2/results/value", "not_before"),
            ("/nodes/2/task_type", "unknown_task_type"),
        },
    ),
    "what tasks refuse": (
        [
            FlowNode("a", "nothing_such"),
            FlowNode("b", "add", {"a": 1}),
            echo("c", priority="no_queue"),
            echo("d", delay=-1),
        ],
        {
            ("/nodes/0/task_type", "unknown_task_type"),
            ("/nodes/1/payload/b", "missing"),
            ("/nodes/2/priority", "unknown_queue"),
            ("/nodes/3/delay", "number"),
        },
    ),
}


@pytest.mark.parametrize("why", WRONG)
def test_a_wrong_graph_is_refused_with_pointers_and_stores_nothing(why: str) -> None:
    nodes, problems = WRONG[why]
    with pytest.raises(tq.InvalidFlow) as refused:
        tq.submit_flow(nodes)
    assert {(each.pointer, each.code) for each in refused.value.problems} == problems
    assert broker.keys("*") == [access_keys.revoked().encode()], "only what each test begins with"


def test_an_attempt_that_is_repeated_submits_the_same_flow(
    start_consumer: StartConsumer, tmp_path: Path
) -> None:
    start_consumer("default", concurrency=2)
    task_id = tq.submit("flow_and_die_once", {"file": str(tmp_path / "died")}).task_id
    wait_until(lambda: tq.get_task(task_id).status == "SUCCESS", description="the repeat has ended")
    ended = tq.get_task(task_id)
    assert (ended.result, ended.deliveries) == ((tmp_path / "died").read_text(), 2)
    assert [flow.flow_id for flow in tq.list_flows().flows] == [ended.result]
    wait_until(lambda: tq.get_flow(ended.result).status == "succeeded", description="it has run")
    assert len(tq.search_tasks("type:give_back").tasks) == 1


def test_a_flow_goes_on_after_its_consumer_was_killed(
    start_consumer: StartConsumer, tmp_path: Path
) -> None:
    first = start_consumer("default")
    go_on = tmp_path / "go on"
    flow_id = submit(
        *(FlowNode(f"n{number}", "work_for", {"seconds": 0.05}) for number in range(10)),
        *(FlowNode(f"n{n}", "work_until", {"go_on": str(go_on)}) for n in range(10, 20)),
        FlowNode("join", "echo", after=[f"n{n}" for n in range(20)], results={"value": "n7"}),
    )
    wait_until(
        lambda: tq.get_flow(flow_id).counts["succeeded"], description="some nodes have ended"
    )
    first.kill()
    go_on.touch()
    start_consumer("default", concurrency=2)
    flow = ended(flow_id, "succeeded")
    assert flow.counts["succeeded"] == 21


def test_a_result_that_has_gone_fails_the_node_that_needs_it() -> None:
    flow_id = submit(echo("a"), echo("b", "a", results={"value": "a"}))
    end(HandWorker(), flow_id, "a")  # by hand: without an outcome
    with tq.default.storage.own_slot("here") as slot:
        assert tq.default.dequeue() is None
        slot.flush()
    assert tq.get_flow(flow_id).status == "failed"
    task_id = nodes_of(flow_id)["b"].task_id
    assert task_id is not None
    assert tq.get_task(task_id).error == "the result of node 'a' is gone"


@pytest.mark.usefixtures("runs")
def test_a_result_that_does_not_fit_fails_the_node_without_a_retry() -> None:
    flow_id = submit(
        echo("text", payload={"value": "abc"}),
        FlowNode("twice", "double", after=["text"], results={"number": "text"}),
    )
    node = nodes_of(flow_id)["twice"]
    assert (tq.get_flow(flow_id).status, node.attempt) == ("failed", 1)
    assert node.error == (
        "parameter 'number' of task type 'double' does not take the result of node 'text', a "
        "string: Input should be a valid integer, unable to parse string as an integer"
    )
    assert tq.retry_flow(flow_id, "twice").retries == 1
