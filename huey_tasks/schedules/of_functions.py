"""The schedules of functions: kept as `schedule` in functions.toml lists them, while we run.

The consumers of a queue look at their functions each second. A function's first schedule is called
`<name>.1`. One is deleted when its line or its function is gone, but only by a consumer that has
the folder of the functions and can read the settings there: half a file, a machine without the
folder, or a folder that does not answer, deletes nothing.
"""

import json
import logging
import re
from collections.abc import Iterator
from typing import Any

from huey_tasks.config import Config
from huey_tasks.functions.apart import NotSeen
from huey_tasks.functions.catalogue import Catalogue
from huey_tasks.functions.function import Function
from huey_tasks.invocations.api_settings import ConfiguredCatalogue
from huey_tasks.registry import types
from huey_tasks.schedules import aws_expressions, declared, scheduled_event
from huey_tasks.schedules.aws_expressions import BadExpression
from huey_tasks.schedules.declared import Declaration
from huey_tasks.schedules.records import Schedule

logger = logging.getLogger(__name__)

_SOURCE = "functions.toml"


class FunctionSchedules:
    """The schedules of the functions of one queue."""

    def __init__(
        self, queue: str, config: Config, catalogue: Catalogue | ConfiguredCatalogue
    ) -> None:
        self._queue, self._config, self._catalogue = queue, config, catalogue
        self._stored: list[Declaration] | None = None
        self._warned: set[str] = set()

    def store(self) -> None:
        """Make the schedules like the functions, if those have changed. Raises QueueUnavailable."""
        try:
            sight = self._catalogue.look()
        except NotSeen:
            return
        functions = sight.functions
        taken = {each.name for each in types.task_types()}  # a task type keeps its name
        of_queue = [
            each
            for each in functions.values()
            if each.queue == self._queue and each.name not in taken
        ]
        wanted = [one for function in of_queue for one in self._declarations(function)]
        if wanted == self._stored or not sight.is_readable:
            return
        if wanted or self._stored is not None or sight.has_folder:
            stored = declared.all_stored()
            declared.store(wanted, stored, _SOURCE)
            unsure = {each.name for each in of_queue if each.fault is not None}
            names = {each.name for each in wanted}
            gone = [
                each
                for each in stored
                if each.queue == self._queue
                and _is_of_function(each)
                and each.task_type not in taken
                and each.name not in names
            ]
            declared.retire([each for each in gone if each.task_type not in unsure], _SOURCE)
        self._stored = wanted

    def _declarations(self, function: Function) -> Iterator[Declaration]:
        for each in _read(function, self._config) if function.fault is None else ():
            if isinstance(each, Declaration):
                yield each
            else:
                self._warn(f"[{function.name}] {each}")

    def _warn(self, text: str) -> None:
        if text not in self._warned:
            self._warned.add(text)
            logger.warning("%s: %s", _SOURCE, text)


def problems_of(function: Function, config: Config) -> list[str]:
    """Return what is wrong with the schedules of a function, a line each."""
    return [each for each in _read(function, config) if isinstance(each, str)]


def _read(function: Function, config: Config) -> Iterator[Declaration | str]:
    """Yield each schedule of a function, or what is wrong with it."""
    for number, each in enumerate(function.schedule, 1):
        name = f"{function.name}.{number}"
        try:
            plan = aws_expressions.read(each.expression)
            payload = _payload(config, name, each.input)
        except BadExpression as error:
            yield f"schedule: {error}"
            continue
        yield Declaration(
            name, function.name, payload, function.queue, (), plan.cron, plan.every_s,
            plan.timezone, overlap=True, run_at=plan.run_at,
        )  # fmt: skip


def _payload(config: Config, name: str, text: str | None) -> dict[str, Any]:
    """Return the event of a schedule. Raises BadExpression for an input that is no object."""
    if text is None:
        return scheduled_event.rule_event(config, name)
    try:
        value: Any = json.loads(text)
    except ValueError as error:
        raise BadExpression(f"its input is not JSON: {error}") from None
    if not isinstance(value, dict):
        raise BadExpression("its input is no JSON object")
    return value


def _is_of_function(schedule: Schedule) -> bool:
    found = re.fullmatch(r"(.+)\.[0-9]+", schedule.name)
    return schedule.declared and found is not None and found[1] == schedule.task_type
