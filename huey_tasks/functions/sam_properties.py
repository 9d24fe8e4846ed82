"""The properties of a function in a SAM template, as options of `Settings`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

#: Options with one value, by their places in a template.
_SIMPLE = {
    "Handler": "handler",
    "Timeout": "timeout",
    "MemorySize": "memory",
    "ReservedConcurrentExecutions": "reserved_concurrency",
    "Description": "description",
    "Environment.Variables": "env",
    "EventInvokeConfig.MaximumRetryAttempts": "retries",
    "EventInvokeConfig.MaximumEventAgeInSeconds": "max_age",
    "EventInvokeConfig.DestinationConfig.OnSuccess.Destination": "on_success",
    "EventInvokeConfig.DestinationConfig.OnFailure.Destination": "on_failure",
    "DeadLetterQueue.TargetArn": "dead_letter",
}
_TABLES = {
    "durable": {
        "DurableConfig.ExecutionTimeout": "timeout",
        "DurableConfig.RetentionPeriodInDays": "retention",
    },
    "url": {"FunctionUrlConfig.AuthType": "auth", "FunctionUrlConfig.InvokeMode": "stream"},
}
#: Read elsewhere, or without a meaning here, because every choice is the same.
_READ = frozenset({
    "FunctionName", "CodeUri", "Runtime", "PackageType", "Architectures", "Events",
    "DeadLetterQueue.Type", "EventInvokeConfig.DestinationConfig.OnSuccess.Type",
    "EventInvokeConfig.DestinationConfig.OnFailure.Type",
})  # fmt: skip
_SCHEDULES = {"Schedule": "Schedule", "ScheduleV2": "ScheduleExpression"}
_OF_A_SCHEDULE = frozenset({"Input", "Enabled", "State", "Name", "Description"})


@dataclass
class Options:
    """The options, the place of each in the template, and the places that have no meaning here."""

    values: dict[str, Any] = field(default_factory=dict[str, Any])
    places: dict[str, str] = field(default_factory=dict[str, str])
    not_understood: list[str] = field(default_factory=list[str])

    def put(self, option: str, place: str, value: Any) -> None:
        """Add an option; a number that is written as a text, which AWS takes, becomes a number."""
        is_number = isinstance(value, str) and value.isascii() and value.isdigit()
        self.values[option] = int(value) if is_number and option not in _TEXTS else value
        self.places[option] = place


_TEXTS = frozenset({"handler", "description"})


def table_of(value: object) -> dict[str, Any]:
    """Return the value if it is a table, else an empty one."""
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def options_of(properties: Mapping[str, Any]) -> Options:
    """Return the options of a function whose references are resolved."""
    found = Options()
    leaves = dict(_leaves(properties, ""))
    for place, option in _SIMPLE.items():
        if place in leaves:
            found.put(option, place, leaves[place])
    for table, places in _TABLES.items():
        name = next(iter(places)).partition(".")[0]
        if name in properties:
            values = {
                option: _plain(leaves[place]) for place, option in places.items() if place in leaves
            }
            found.put(table, name, values)
    known = {*_SIMPLE, *_READ, *(place for places in _TABLES.values() for place in places)}
    found.not_understood += [place for place in leaves if place not in known]
    _schedules(table_of(properties.get("Events")), found)
    return found


def _leaves(table: Mapping[str, Any], prefix: str) -> list[tuple[str, Any]]:
    """Return each value with its place; what has names of the author's own is one value."""
    found = list[tuple[str, Any]]()
    for key, value in table.items():
        place = f"{prefix}{key}"
        if isinstance(value, dict) and place not in ("Environment.Variables", "Events"):
            found += _leaves(cast("dict[str, Any]", value), f"{place}.")
        else:
            found.append((place, value))
    return found


def _plain(value: Any) -> Any:
    if value in ("BUFFERED", "RESPONSE_STREAM"):
        return value == "RESPONSE_STREAM"
    return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() else value


def _schedules(events: Mapping[str, Any], found: Options) -> None:
    schedules = list[Any]()
    for name, event in events.items():
        kind = str(table_of(event).get("Type"))
        properties = table_of(table_of(event).get("Properties"))
        key = _SCHEDULES.get(kind, "")
        if key not in properties:
            found.not_understood.append(f"Events.{name} ({kind})")
            continue
        unknown = [each for each in properties if each != key and each not in _OF_A_SCHEDULE]
        found.not_understood += [f"Events.{name}.{each}" for each in unknown]
        if properties.get("Enabled", True) is True and properties.get("State") != "DISABLED":
            given = {"input": properties["Input"]} if "Input" in properties else {}
            schedules.append({"expression": properties[key], **given})
    if schedules:
        found.put("schedule", "Events", schedules)
