"""The graph of a flow: its nodes as a caller gives them, and what is wrong with it."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Any

from huey_tasks.errors import InvalidFlow, Problem
from huey_tasks.values.plain_text import is_plain

#: Nodes of a flow, and characters of its name.
MOST_NODES, MOST_NAME = 10_000, 200

#: How many problems are named.
MOST_PROBLEMS = 100

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_RULE = "A name is 1 to 64 letters, digits, '.', '_' or '-', and begins with a letter or a digit."


@dataclass(frozen=True)
class FlowNode:
    """One node: a task, and what it waits for.

    `after`: names of the nodes that have to succeed first. `results`: parameters that take the
    result of a node, {parameter: name}; it is one of `after`, or one that has this node as its
    `on_failure`, whose error it takes as text. `on_failure`: the node that starts when this one
    ends without success. The others are as in `submit`.
    """

    name: str
    task_type: str
    payload: dict[str, Any] = field(default_factory=dict[str, Any])
    priority: str | None = None
    after: Sequence[str] = ()
    results: Mapping[str, str] = field(default_factory=dict[str, str])
    on_failure: str | None = None
    tags: Sequence[str] = ()
    delay: float | None = None
    expires_in: float | None = None
    queue_priority: int | None = None
    webhook_url: str | None = None


class Graph:
    """Nodes by number, and who is before and behind each; `problems`: why it cannot run.

    Raises InvalidFlow for a number of nodes that no flow has.
    """

    def __init__(self, nodes: Sequence[FlowNode], name: str = "") -> None:
        if not 1 <= len(nodes) <= MOST_NODES:
            rule = f"A flow has 1 to {MOST_NODES:,} nodes."
            raise InvalidFlow([Problem("/nodes", "length", rule)])
        self.name, self.nodes = name, nodes
        self.numbers = {node.name: number for number, node in enumerate(nodes)}
        #: The nodes that each one is a rescue of, and those that follow each.
        self.rescued: list[list[int]] = [[] for _ in nodes]
        self.next: list[list[int]] = [[] for _ in nodes]
        for number, node in enumerate(nodes):
            for before in node.after:
                if before in self.numbers:
                    self.next[self.numbers[before]].append(number)
            if node.on_failure in self.numbers:
                self.rescued[self.numbers[node.on_failure]].append(number)
        self.problems = list(islice(self._problems(), MOST_PROBLEMS))

    def before(self, number: int) -> int:
        """Return for how many ends of others a node waits; the begin of the flow counts as one."""
        return len(self.nodes[number].after) + len(self.rescued[number]) or 1

    def first(self) -> list[int]:
        """Return the nodes that start when the flow begins."""
        return [n for n, node in enumerate(self.nodes) if not node.after and not self.rescued[n]]

    def _problems(self) -> Iterator[Problem]:
        wrong = list(islice(chain(self._wrong_names(), self._wrong_edges()), MOST_PROBLEMS))
        yield from wrong
        yield from self._wrong_rescues()
        yield from self._wrong_results()
        if not wrong:  # a node behind an unknown one would wait for ever, too
            yield from self._cycles()

    def _wrong_names(self) -> Iterator[Problem]:
        if len(self.name) > MOST_NAME or not is_plain(self.name):
            rule = f"The name of a flow is a text of at most {MOST_NAME} visible characters."
            yield Problem("/name", "name", rule)
        for number, node in enumerate(self.nodes):
            if not _NAME.fullmatch(node.name):
                yield Problem(f"/nodes/{number}/name", "name", _RULE)
            elif self.numbers[node.name] != number:
                rule = "Another node has this name."
                yield Problem(f"/nodes/{number}/name", "duplicate", rule)

    def _wrong_edges(self) -> Iterator[Problem]:
        for number, node in enumerate(self.nodes):
            seen = set[str]()
            for place, name in enumerate(node.after):
                if name not in self.numbers:
                    yield _unknown(f"/nodes/{number}/after/{place}", name)
                elif name in seen:
                    rule = "This node is named twice."
                    yield Problem(f"/nodes/{number}/after/{place}", "duplicate", rule)
                seen.add(name)
            if node.on_failure is not None and node.on_failure not in self.numbers:
                yield _unknown(f"/nodes/{number}/on_failure", node.on_failure)

    def _wrong_rescues(self) -> Iterator[Problem]:
        for number, node in enumerate(self.nodes):
            if self.rescued[number] and node.after:
                rule = "The 'on_failure' of a node waits for its failure, and for no other node."
                yield Problem(f"/nodes/{number}/after", "conflict", rule)

    def _wrong_results(self) -> Iterator[Problem]:
        for number, node in enumerate(self.nodes):
            before = {*node.after, *(self.nodes[other].name for other in self.rescued[number])}
            results = node.results
            for parameter, name in results.items():
                pointer = f"/nodes/{number}/results/{escaped(parameter)}"
                if name not in before:
                    rule = "A result comes from a node of 'after', or that names this one as its "
                    yield Problem(pointer, "not_before", f"{rule}'on_failure'.")
                elif parameter in node.payload:
                    yield Problem(pointer, "conflict", "The payload has this parameter, too.")

    def _cycles(self) -> Iterator[Problem]:
        waits_for = [self.before(number) for number in range(len(self.nodes))]
        free = self.first()
        left = set(range(len(self.nodes)))
        while free:
            number = free.pop()
            left.discard(number)
            rescue = self.nodes[number].on_failure
            for behind in [*self.next[number], *([self.numbers[rescue]] if rescue else [])]:
                waits_for[behind] -= 1
                if waits_for[behind] == 0:
                    free.append(behind)
        if left:
            rule = f"It is, or waits for, a node that waits for itself: {self._circle(left)}."
            for number in sorted(left):
                yield Problem(f"/nodes/{number}/after", "cycle", rule)

    def _circle(self, left: set[int]) -> str:
        """Return a way from a node back to itself; each of `left` waits for one of them."""
        place, at = dict[int, int](), min(left)
        while at not in place:
            place[at] = len(place)
            before = chain((self.numbers[name] for name in self.nodes[at].after), self.rescued[at])
            at = next(number for number in before if number in left)
        circle = [*list(place)[place[at] :], at]
        names = [self.nodes[number].name for number in reversed(circle)]
        return " → ".join(names if len(names) <= 8 else [*names[:7], "…", names[-1]])


def _unknown(pointer: str, name: str) -> Problem:
    return Problem(pointer, "unknown_node", f"No node has the name '{name[:64]}'.")


def escaped(step: str) -> str:
    """Return a step of a JSON pointer (RFC 6901)."""
    return step.replace("~", "~0").replace("/", "~1")
