"""Which nodes of an ended flow run again, and in which order. Knows no Redis."""

from collections.abc import Iterable, Sequence
from typing import Any

from huey_tasks.errors import FlowNotRetryable


class StoredGraph:
    """The nodes of a flow as they are stored, by number, with their states (None: it waits)."""

    def __init__(self, nodes: Sequence[dict[str, Any]], states: Sequence[str | None]) -> None:
        self._states = states
        self._names = [str(node["name"]) for node in nodes]
        self.numbers = {name: number for number, name in enumerate(self._names)}
        self._after = [[self.numbers[name] for name in node["after"]] for node in nodes]
        self._rescued: list[list[int]] = [[] for _ in nodes]
        self._behind: list[list[int]] = []
        for number, node in enumerate(nodes):
            rescue: int | None = node.get("rescue")
            self._behind.append([*node["next"], *([] if rescue is None else [rescue])])
            if rescue is not None:
                self._rescued[rescue].append(number)

    def again(self, chosen: int | None) -> dict[int, int]:
        """Return the nodes that run again, with how many of them each has to wait for.

        They are `chosen`, else those that failed or were cancelled, and all behind these, without
        those that wait for one which does not run again and has not succeeded. Raises
        FlowNotRetryable if that is `chosen` itself, or if no failure calls for it.
        """
        if chosen is not None and self._is_not_called_for(chosen):
            raise FlowNotRetryable(
                f"Node '{self._names[chosen]}' starts when another fails, and none has failed."
            )
        roots = [chosen] if chosen is not None else self._unsuccessful()
        again = self._with_all_behind(roots)
        held_up = [n for n in again if self._is_held_up(n, again, is_chosen=n == chosen)]
        while held_up:
            number = held_up.pop()
            if number == chosen:
                raise FlowNotRetryable(
                    f"Node '{self._names[number]}' waits for one that has not succeeded: "
                    "retry that one."
                )
            if number in again:
                again.discard(number)
                held_up += [
                    behind
                    for behind in self._behind[number]
                    if behind in again and self._is_held_up(behind, again, is_chosen=False)
                ]
        return {
            number: sum(before in again for before in self._before(number))
            for number in sorted(again)
        }

    def _is_not_called_for(self, number: int) -> bool:
        rescued = [self._states[n] for n in self._rescued[number]]
        return bool(rescued) and not {"failed", "cancelled"}.intersection(rescued)

    def _unsuccessful(self) -> list[int]:
        return [n for n, state in enumerate(self._states) if state in ("failed", "cancelled")]

    def _before(self, number: int) -> list[int]:
        return [*self._after[number], *self._rescued[number]]

    def _with_all_behind(self, roots: Iterable[int]) -> set[int]:
        found, look_at = set(roots), list(roots)
        while look_at:
            for behind in self._behind[look_at.pop()]:
                if behind not in found:
                    found.add(behind)
                    look_at.append(behind)
        return found

    def _is_held_up(self, number: int, again: set[int], *, is_chosen: bool) -> bool:
        states = self._states
        if any(states[n] != "succeeded" for n in self._after[number] if n not in again):
            return True
        rescued = [n for n in self._rescued[number] if n not in again]
        return not is_chosen and any(states[n] in ("failed", "cancelled") for n in rescued)
