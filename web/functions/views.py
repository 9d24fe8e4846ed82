"""Turn what is known of functions into views; what all of them share is read once."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import huey_tasks as tq
from web.functions.schemas import (
    CountsView,
    DeadLettersView,
    DurableView,
    EnvironmentView,
    FunctionDetail,
    FunctionErrorView,
    FunctionUrlView,
    FunctionView,
    ImportView,
    LastErrorView,
    LimitsView,
    ScheduleExpression,
)
from web.http.root_path import address

#: Failure groups that are searched for the last error of functions.
_GROUPS = 500


@dataclass(frozen=True)
class Known:
    """What is known of some functions beside their files, by name."""

    states: Mapping[str, tq.FunctionState]
    environments: Mapping[str, list[EnvironmentView]]
    counts: Mapping[str, CountsView]
    errors: Mapping[str, LastErrorView]

    @classmethod
    def of(cls, functions: Mapping[str, tq.Function]) -> "Known":
        """Read it for these functions, in a few round trips however many they are."""
        environments = defaultdict[str, list[EnvironmentView]](list)
        for each in tq.list_environments():
            environments[each["function"]].append(_environment(each))
        history = tq.read_history(tq.Span.HOUR)
        return cls(
            tq.function_states(functions),
            environments,
            {each.task_type: _counts(each.totals) for each in history.types},
            _last_errors(functions),
        )

    def view(self, function: tq.Function) -> FunctionView:
        """Return a function as the list shows it."""
        return FunctionView(**self._fields(function))

    def detail(self, function: tq.Function) -> FunctionDetail:
        """Return all of a function."""
        durable, letters = function.durable, tq.dead_letters_of(function.name)
        return FunctionDetail(
            **self._fields(function),
            root=str(function.root),
            runtime=function.runtime,
            code_sha256=function.code_sha256,
            code_size=function.code_size,
            modified_at=_time(function.modified_at),
            requirements=_text(function.requirements),
            env=dict(function.env),
            on_success=function.on_success,
            on_failure=function.on_failure,
            dead_letter=function.dead_letter,
            durable=durable and DurableView.model_validate(durable),
            schedule=[ScheduleExpression.model_validate(each) for each in function.schedule],
            events=[dict(pattern) for pattern in function.events],
            watch=list(function.watch),
            debug=function.debug,
            notes=[*tq.notes_of(function), *_watch_notes(function)],
            dead_letters=letters
            and DeadLettersView(file=str(letters.file), records=letters.records),
        )

    def _fields(self, function: tq.Function) -> dict[str, Any]:
        name, state = function.name, self.states[function.name]
        imported = state.last_import
        return {
            "name": name,
            "arn": tq.function_arn(name),
            "state": state.state,
            "error": state.error and FunctionErrorView.model_validate(state.error),
            "handler": function.handler,
            "file": str(function.file),
            "line": function.line,
            "hash": function.version,
            "queue": function.queue,
            "description": function.description,
            "limits": LimitsView.model_validate(function),
            "url": _url(function),
            "environments": self.environments.get(name, []),
            "counts": self.counts.get(name) or _counts(None),
            "last_import": imported and ImportView(at=imported.when, init_ms=imported.init_ms),
            "last_error": self.errors.get(name),
        }


def _watch_notes(function: tq.Function) -> list[str]:
    problem = tq.watch_problem(function)
    return [] if problem is None else [f"watch: {problem}"]


def _environment(said: Mapping[str, Any]) -> EnvironmentView:
    memory_mb = said.get("memory_mb")
    return EnvironmentView(
        pid=said["pid"],
        state="busy" if said["busy"] else "idle",
        hash=said["version"],
        invocations=said["invocations"],
        rss=None if memory_mb is None else memory_mb * 1024 * 1024,
        environment=said["environment"],
        queue=said["queue"],
        started_at=_time(said["started_at"]),
    )


_NO_COUNTS = CountsView(
    invocations=0,
    failures=0,
    p50_ms=None,
    p95_ms=None,
    cold_starts=0,
    init_p50_ms=None,
    init_p95_ms=None,
)


def _counts(totals: tq.Totals | None) -> CountsView:
    if totals is None:
        return _NO_COUNTS
    failures = totals.failed + totals.retried
    return CountsView(
        invocations=totals.succeeded + failures,
        failures=failures,
        p50_ms=_ms(totals.run_p50_s),
        p95_ms=_ms(totals.run_p95_s),
        cold_starts=totals.cold_starts,
        init_p50_ms=_ms(totals.init_p50_s),
        init_p95_ms=_ms(totals.init_p95_s),
    )


def _last_errors(names: Iterable[str]) -> dict[str, LastErrorView]:
    """Return the last error of each function, of the groups that were seen last."""
    wanted, found = set(names), dict[str, LastErrorView]()
    if not wanted:
        return found
    only = next(iter(wanted)) if len(wanted) == 1 else None
    groups = tq.failure_groups(
        task_type=only, limit=_GROUPS if only is None else 1, samples=only is not None
    ).groups
    for group in groups:
        for name in wanted.intersection(group.task_types).difference(found):
            common = group.message.replace("#", "…")  # what varies, as in the headline
            message = f"{group.error_type}: {common}".removesuffix(": ")
            is_alone = len(group.task_types) == 1  # so the sample is of this function
            found[name] = LastErrorView(
                message=(group.sample_error if is_alone else None) or message,
                at=group.last_seen,
                cause=group.fingerprint,
                task_id=group.sample_task_id if is_alone else None,
            )
    return found


def _url(function: tq.Function) -> FunctionUrlView | None:
    url = function.url
    if url is None:
        return None
    return FunctionUrlView(
        address=address(f"/fn/{function.name}/"), auth=url.auth, stream=url.stream
    )


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds * 1000, 2)


def _text(path: Path | None) -> str | None:
    return None if path is None else str(path)


def _time(seconds: float) -> dt.datetime:
    return dt.datetime.fromtimestamp(seconds, dt.UTC)
