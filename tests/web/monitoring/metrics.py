"""Reads a scrape as Prometheus does, with the parser of its own client library."""

from collections.abc import Iterator
from typing import Any

from prometheus_client.parser import text_string_to_metric_families


class Scrape:
    """The samples of one answer of /metrics."""

    def __init__(self, text: str) -> None:
        self.families = {one.name: one for one in text_string_to_metric_families(text)}
        self._samples = [sample for one in self.families.values() for sample in one.samples]

    def value(self, name: str, **labels: str) -> float:
        """The value of the one sample with this name and these labels, and perhaps others."""
        (found,) = [value for has, value in self.of(name) if labels.items() <= has.items()]
        return found

    def of(self, name: str) -> Iterator[tuple[dict[str, str], float]]:
        """The labels and values of all samples of a name."""
        return ((one.labels, one.value) for one in self._samples if one.name == name)

    def labels(self) -> dict[str, set[str]]:
        """The label names of each sample name."""
        found: dict[str, set[str]] = {}
        for sample in self._samples:
            found.setdefault(sample.name, set()).update(sample.labels)
        return found


def tasks_of(text: str) -> list[Any]:
    """What a scrape says of queues: the same on every web process."""
    return sorted(
        (sample.name, sorted(sample.labels.items()), sample.value)
        for one in Scrape(text).families.values()
        for sample in one.samples
        if "queue" in sample.labels and "oldest" not in sample.name
    )
