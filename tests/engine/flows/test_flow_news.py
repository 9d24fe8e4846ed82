"""What others hear of a flow: those who watch events, and webhooks."""

from collections.abc import Generator

import pytest

import huey_tasks as tq
from huey_tasks.broker.protocol import DELIVERY_TYPE, FLOW_TYPE
from huey_tasks.broker.scripts.events import BEGINNING, EventScripts
from huey_tasks.broker.scripts.flows import FlowScripts
from huey_tasks.queues import BROKERS
from huey_tasks.records.events import TaskEvent
from huey_tasks.webhooks.deliver import deliver
from huey_tasks.webhooks.dispatch import Dispatch
from tests.engine.helpers import HandWorker, commit, scripts
from tests.engine.helpers import submit as submit_task
from tests.engine.snapshot import clock_ms
from tests.receivers import Receiver, receiver
from tests.waiting import wait_until

PAIR = (
    tq.FlowNode("a", "echo", {"value": 1}),
    tq.FlowNode("b", "echo", {"value": 2}, after=["a"]),
)


@pytest.fixture
def hooks() -> Generator[Receiver]:
    """A receiver of this test."""
    with receiver() as found:
        yield found


def events(q: str, *reach: tuple[str, ...]) -> list[TaskEvent]:
    """Return the events that a search finds, the oldest first; from now on they are kept."""
    entries = EventScripts(scripts()).events("default", BEGINNING, 1000).entries
    found = [TaskEvent.of(entry) for entry in entries if entry.is_of_task]
    return list(filter(tq.event_filter(q, tq.Reach(*reach)), found))


def end_next(worker: HandWorker, state: str = "SUCCESS") -> None:
    """Claim a task and end it; what delivers webhooks ends before."""
    claim = worker.claim()
    while tq.get_task(claim.id).task_type == DELIVERY_TYPE:
        worker.step(commit(claim, "SUCCESS"), want=0)
        claim = worker.claim()
    worker.step(commit(claim, state, reason="no disk"), want=0)


def dispatched(webhook_id: str = "tasks") -> list[tq.DeliveryRecord]:
    """Make deliveries of what has ended; return those of a webhook, the oldest first."""
    Dispatch(BROKERS["default"]).run()
    return list(reversed(tq.list_deliveries(webhook_id).deliveries))


def test_a_flow_is_followed_with_its_tasks_from_its_begin_to_its_end() -> None:
    worker = HandWorker()
    events("")
    submit_task("echo")
    flow_id = tq.submit_flow(PAIR, name="two").flow_id
    for _ in range(3):
        end_next(worker)
    found = events(f"flow:{flow_id}")
    kinds = [event.kind for event in found]
    assert kinds == ["flow", *["state"] * (len(kinds) - 2), "flow"]
    assert {event.task.flow_id for event in found} == {flow_id}
    ended = events(f"type:{FLOW_TYPE} state:success")
    assert [event.task_id for event in ended] == [flow_id]
    detail = ended[0].detail or {}
    assert (detail["name"], detail["state"], detail["succeeded"]) == ("two", "succeeded", "2")
    assert events(f"type:{FLOW_TYPE} queue:default") == [], "a flow is in no queue"
    assert len(events("type:echo -flow:" + flow_id)) == len(events("type:echo")) - len(kinds) + 2


def test_who_follows_with_a_reach_hears_of_flows_of_which_all_nodes_are_within() -> None:
    events("")
    flow_id = tq.submit_flow([*PAIR, tq.FlowNode("c", "add", {"a": 1, "b": 2})]).flow_id
    assert {event.kind for event in events("", ("default",))} == {"flow", "state"}
    within = events(f"flow:{flow_id}", (), ("echo",))
    assert [event.task.type for event in within] == ["echo"]
    both = events("", ("default", "low"), ("add", "echo", "fail"))
    assert [event.kind for event in both] == ["flow", "state", "state"]
    assert events("", ("low",)) == []


def test_a_cancelled_and_a_retried_flow_say_so() -> None:
    worker = HandWorker()
    events("")
    flow_id = tq.submit_flow(PAIR).flow_id
    tq.cancel_flow(flow_id)
    tq.retry_flow(flow_id)
    end_next(worker, "FAILURE")
    states = [event.task.state for event in events(f"type:{FLOW_TYPE} flow:{flow_id}")]
    assert states == ["STARTED", "REVOKED", "STARTED", "FAILURE"]


def test_the_end_of_a_flow_is_posted_to_its_url_and_to_webhooks_that_name_flows(
    hooks: Receiver,
) -> None:
    worker = HandWorker()
    every_task, _ = tq.create_webhook(f"{hooks.url}/tasks")
    failed, secret = tq.create_webhook(f"{hooks.url}/f", states=["FAILURE"], task_types=[FLOW_TYPE])
    flow_id = tq.submit_flow(PAIR, name="two", webhook_url=f"{hooks.url}/own").flow_id
    end_next(worker, "FAILURE")

    (own,) = dispatched()
    (of_all,) = dispatched(failed.id)
    assert [each.event for each in dispatched(every_task.id)] == ["task.failure"]
    assert (own.event, own.task_id, own.task_type) == ("flow.failed", flow_id, FLOW_TYPE)
    assert (of_all.event, of_all.id == own.id) == ("flow.failed", False)
    deliver(of_all.id)
    (request,) = hooks.of("/f")
    event = request.verified(secret)
    assert event["type"] == "flow.failed"
    assert event["timestamp"] == event["data"]["finished_at"]
    shown = event["data"]
    assert (shown["flow_id"], shown["name"], shown["status"]) == (flow_id, "two", "failed")
    assert (shown["counts"]["failed"], shown["counts"]["skipped"]) == (1, 1)


def test_each_end_of_a_flow_is_posted_once(hooks: Receiver) -> None:
    worker = HandWorker()
    flow_id = tq.submit_flow(PAIR, webhook_url=f"{hooks.url}/own").flow_id
    end_next(worker, "FAILURE")
    assert len(dispatched()) == len(dispatched()) == 1
    tq.retry_flow(flow_id)
    assert len(dispatched()) == 1
    for _ in range(2):
        end_next(worker)
    assert [each.event for each in dispatched()] == ["flow.failed", "flow.succeeded"]


def test_a_flow_that_consumers_look_at_again_does_not_end_again(hooks: Receiver) -> None:
    flow_id = tq.submit_flow(PAIR, webhook_url=f"{hooks.url}/own").flow_id
    tq.cancel_flow(flow_id)
    ended_at = tq.get_flow(flow_id).finished_at
    begin = clock_ms()
    wait_until(lambda: clock_ms() > begin, description="a second end would have another time")
    FlowScripts(scripts(), "default").flow_advance(flow_id)
    assert tq.get_flow(flow_id).finished_at == ended_at
    assert [each.event for each in dispatched()] == ["flow.cancelled"]


def test_without_a_webhook_that_names_flows_none_is_posted() -> None:
    worker = HandWorker()
    made, _ = tq.create_webhook("https://example.com/hooks", task_types=["fail"])
    tq.submit_flow(PAIR[:1])
    end_next(worker)
    assert dispatched(made.id) == dispatched() == []


def test_a_sample_to_a_webhook_of_flows_is_that_of_a_flow(hooks: Receiver) -> None:
    made, secret = tq.create_webhook(f"{hooks.url}/f", task_types=[FLOW_TYPE])
    sent = tq.send_sample(made.id)
    deliver(sent.id)
    event = hooks.got[-1].verified(secret)
    assert sent.event == event["type"] == "flow.test"
    assert (event["data"]["flow_id"], event["data"]["status"]) == (sent.task_id, None)


def test_wrong_values_are_refused_before_anything_is_stored() -> None:
    with pytest.raises(tq.InvalidFlow) as wrong_url:
        tq.submit_flow([*PAIR, PAIR[0]], webhook_url="ftp://example.com/")
    pointers = [problem.pointer for problem in wrong_url.value.problems]
    assert pointers == ["/nodes/0/name", "/webhook_url"]
    with pytest.raises(tq.InvalidQuery) as wrong_type:
        tq.create_webhook("https://example.com/hooks", task_types=["duckline.flows"])
    assert [problem.pointer for problem in wrong_type.value.problems] == ["/task_types/0"]
    assert tq.list_flows().flows == ()
