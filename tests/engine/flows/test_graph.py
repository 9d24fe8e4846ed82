"""Graphs that cannot run are refused with little work, however large they are."""

import time
import tracemalloc

import pytest

import huey_tasks as tq
from huey_tasks.flows.graph import MOST_NODES, MOST_PROBLEMS, Graph


def ring(size: int) -> list[tq.FlowNode]:
    """Each node waits for the next one, and the last for the first."""
    return [
        tq.FlowNode(f"n{number}", "echo", after=[f"n{(number + 1) % size}"])
        for number in range(size)
    ]


def test_the_largest_ring_is_refused_within_a_second_of_work() -> None:
    nodes = ring(MOST_NODES)
    begun = time.thread_time()
    problems = Graph(nodes).problems
    assert time.thread_time() - begun < 1
    assert len(problems) == MOST_PROBLEMS
    (said,) = {each.message for each in problems}
    assert said.endswith("itself: n0 → n9999 → n9998 → n9997 → n9996 → n9995 → n9994 → … → n0.")


def test_a_way_into_a_ring_is_no_part_of_it() -> None:
    nodes = [tq.FlowNode("before", "echo", after=["n0"]), *ring(2)]
    assert {each.message.partition(": ")[2] for each in Graph(nodes).problems} == {"n0 → n1 → n0."}


@pytest.mark.parametrize("name", ["a", "nobody"])
def test_wrong_edges_beyond_those_that_are_named_take_no_memory(name: str) -> None:
    nodes = [tq.FlowNode("a", "echo"), tq.FlowNode("b", "echo", after=[name] * 100_000)]
    tracemalloc.start()
    try:
        assert len(Graph(nodes).problems) == MOST_PROBLEMS
        assert tracemalloc.get_traced_memory()[1] < 4_000_000
    finally:
        tracemalloc.stop()


def test_too_many_nodes_are_refused_before_any_of_them_is_looked_at() -> None:
    nodes = [tq.FlowNode("a b", "nothing_such")] * (MOST_NODES + 1)
    with pytest.raises(tq.InvalidFlow) as refused:
        tq.submit_flow(nodes)
    assert [each.code for each in refused.value.problems] == ["length"]
