"""The keys of flows, as `keys.py` has those of tasks; all are of all queues.

Those of one flow live until RESULT_TTL_S after its end. `lib/flows.lua` writes them.
"""

from huey_tasks.broker.keys import of_all_queues


def flows() -> str:
    """ZSET of the ids of flows by when they were submitted, in µs."""
    return of_all_queues("flows")


def moving() -> str:
    """SET of the flows that consumers go on with: there is more to do than one script does."""
    return of_all_queues("flows-moving")


def flow(flow_id: str) -> str:
    """HASH, a flow: its name, state and times, and how many of its nodes are in each state."""
    return of_all_queues(f"flow:{flow_id}")


def nodes(flow_id: str) -> str:
    """HASH of the nodes by number, JSON as `flow_store` has it; `start` is in front of all.

    10 minutes, if its flow never begins.
    """
    return of_all_queues(f"flow-nodes:{flow_id}")


def ids(flow_id: str) -> str:
    """HASH of the ids of the nodes' tasks, by number. As `nodes`."""
    return of_all_queues(f"flow-ids:{flow_id}")


def states(flow_id: str) -> str:
    """HASH of the states of the nodes, by number; without one a node waits."""
    return of_all_queues(f"flow-states:{flow_id}")


def before(flow_id: str) -> str:
    """HASH: for how many ends of others a node still waits, by number. As `nodes`."""
    return of_all_queues(f"flow-before:{flow_id}")


def work(flow_id: str) -> str:
    """LIST of ends whose nodes behind have not moved yet, JSON: [number, state, how many have]."""
    return of_all_queues(f"flow-work:{flow_id}")
