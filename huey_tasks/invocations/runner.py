"""Runs one invocation in the function host: an environment, the log, the receipt, the outcome."""

import datetime as dt
import json
import logging
import time
from collections.abc import Callable
from typing import Any

from huey_tasks import serializer
from huey_tasks.broker.answer_pieces import AnswerPieces
from huey_tasks.config import Config
from huey_tasks.environments import answers
from huey_tasks.environments.answers import Answer, Usage
from huey_tasks.environments.environment import Call, Environment
from huey_tasks.environments.pool import Environments
from huey_tasks.environments.variables import per_call
from huey_tasks.execution.attempt import Attempt, current_attempt
from huey_tasks.execution.reported_error import LastError
from huey_tasks.execution.task_log import keep_lines
from huey_tasks.functions.function import Function
from huey_tasks.functions.requirements import Requirements
from huey_tasks.invocations import answer_values, destinations, failures
from huey_tasks.invocations.answer_feed import AnswerFeed
from huey_tasks.invocations.api_settings import ConfiguredCatalogue
from huey_tasks.invocations.invocation import Condition, Invocation, Kind
from huey_tasks.records import function_tasks
from huey_tasks.records.imports import Import
from huey_tasks.values.storable import storable

logger = logging.getLogger(__name__)

#: Seconds between two writes of what a running function has printed.
FLUSH_S = 0.1


class Runner:
    """Runs functions for one function host."""

    def __init__(
        self, config: Config, catalogue: ConfiguredCatalogue, environments: Environments
    ) -> None:
        self._config, self._catalogue = config, catalogue
        self._environments = environments
        self._requirements = Requirements(config.data_dir / "envs")
        self._imports: dict[str, str] = {}

    def take_imports(self) -> dict[str, str]:
        """Return the imports since the last call (JSON by name): how the last of each went."""
        taken, self._imports = self._imports, {}
        return taken

    def put_back(self, imports: dict[str, str]) -> None:
        """Let the next call return these again, of functions that were not imported since."""
        self._imports = imports | self._imports

    def run(self, name: str, event: Any) -> Any:
        """Run the function on an event in this attempt. Raises ReportedError when it fails."""
        attempt = current_attempt.get()
        if attempt is None:
            raise RuntimeError("an invocation runs inside of an attempt only")
        invocation = Invocation.read(attempt.claim.invocation)
        function = self._catalogue.find(name)
        one = _One(attempt, invocation, function, event)
        if (condition := one.refusal()) is not None:
            raise one.ended_without_run(condition)
        answer = self._answer(one)
        return one.conclude(answer)

    def _answer(self, one: "_One") -> Answer:
        function = one.function
        if one.is_broken_off():
            return _failed(answers.exited(one.attempt.claim.id, 0))
        if function is None:
            return _failed(failures.not_found(one.invocation.arn))
        if function.fault is not None:
            return _failed(failures.of_fault(function.fault))
        try:
            packages = self._requirements.ensure(function)
            if packages.error is not None:
                return _failed(failures.not_installed(packages.error))
            environment = self._environments.lend(function, packages.folder)
        except OSError as error:  # the disk is full, say: the event is tried again, as after others
            logger.error("function %s cannot be started: %s", function.name, error)
            return _failed(failures.not_started(error))
        return self._in_environment(one, function, environment)

    def _in_environment(self, one: "_One", function: Function, environment: Environment) -> Answer:
        answer: Answer | None = None
        try:
            log = _Log(one.attempt, environment)
            is_cold = environment.init_ms is None
            if is_cold:
                answer = environment.start(one.attempt.claim.id, log.look)
                self._imports[function.name] = _import_of(environment, answer).as_json()
            log.start()
            if answer is None:
                answer = self._invoke(one, function, environment, log.look)
            one.receipt(function, environment, answer.usage, is_cold=is_cold)
            log.end(function, answer, environment.init_ms if is_cold else None)
            return answer
        finally:  # a cancel, too, comes as an exception
            if answer is None or answer.is_spent:
                self._environments.end(environment)
            else:
                self._environments.give_back(environment)

    def _invoke(
        self, one: "_One", function: Function, environment: Environment, look: Callable[[], None]
    ) -> Answer:
        call = one.call(function)
        if not one.invocation.stream:
            return environment.invoke(call, look)
        ttl_s = function.timeout_s + self._config.large_result_ttl_s
        feed = AnswerFeed(one.attempt, round(ttl_s * 1000))
        answer: Answer | None = None
        try:
            answer = environment.invoke(call, look, feed.add)
            return answer
        finally:
            feed.end(whole=answer is not None and answer.error is None)


class _One:
    """One attempt at one invocation."""

    def __init__(
        self, attempt: Attempt, invocation: Invocation, function: Function | None, event: Any
    ) -> None:
        self.attempt, self.invocation = attempt, invocation
        self.function, self.event = function, event

    def call(self, function: Function) -> Call:
        """Return what the environment gets."""
        claim = self.attempt.claim
        return Call(
            claim.id,
            json.dumps(serializer.plain(self.event), ensure_ascii=False),
            self.invocation.arn,
            function.timeout_s,
            self.invocation.client_context,
            per_call(claim.id, self.invocation.depth),
        )

    def is_broken_off(self) -> bool:
        """Return whether a part of the answer is with the caller, of an attempt that was lost.

        Another attempt would answer twice.
        """
        claim = self.attempt.claim
        return self.invocation.stream and AnswerPieces(self.attempt.broker, claim.id).exist()

    def refusal(self) -> Condition | None:
        """Return why an event must not run at all; None if it may."""
        if self.function is None or self.invocation.kind is Kind.SYNC:
            return None
        if self.function.reserved_concurrency == 0:
            return Condition.NO_CONCURRENCY
        return Condition.TOO_OLD if self._is_too_old(0) else None

    def ended_without_run(self, condition: Condition) -> Exception:
        """Return the error of an event that is not run; its destination gets a record."""
        runs = self.attempt.claim.attempt - 1
        self._send(condition, None, None, runs)
        return failures.not_run(condition, self.attempt.task_type)

    def receipt(
        self, function: Function, environment: Environment, usage: Usage, *, is_cold: bool
    ) -> None:
        """Keep what the attempt has used."""
        init_ms = environment.init_ms if is_cold else None
        self.attempt.receipt = json.dumps(
            {
                "init_ms": None if init_ms is None else round(init_ms, 2),
                "duration_ms": round(usage.duration_ms, 2),
                "billed_ms": usage.billed_ms,
                "cpu_ms": None if usage.cpu_ms is None else round(usage.cpu_ms, 2),
                "memory_mb": function.memory_mb,
                "max_memory_mb": usage.max_memory_mb,
                "cold": is_cold,
                "environment": environment.id,
                "version": environment.version,
            }
        )

    def conclude(self, answer: Answer) -> Any:
        """Return the result, or raise the error; what follows goes with this attempt's commit."""
        attempt = self.attempt
        if answer.error is None:
            value, outcome = answer_values.stored(answer)
            told = answer_values.text_of(value) if isinstance(value, bytes) else value
            self._send(Condition.SUCCESS, told, None, attempt.claim.attempt)
            attempt.returned(value, outcome)
            return value
        failure = failures.of_answer(answer.error, attempt.task_type)
        condition = self._end_of_retries()
        if condition is None:
            raise failure
        self._send(condition, answer.error, answer.error, attempt.claim.attempt)
        if condition is Condition.TOO_OLD and attempt.claim.retries_left > 0:
            raise LastError("the event would be older than its maximum age", failure)
        raise failure

    def _end_of_retries(self) -> Condition | None:
        """Return why no attempt follows a failed one; None if one does."""
        claim = self.attempt.claim
        if self.invocation.kind is Kind.SYNC or claim.retries_left <= 0:
            return Condition.RETRIES_EXHAUSTED
        return Condition.TOO_OLD if self._is_too_old(claim.retry_delay_s or 0.0) else None

    def _is_too_old(self, in_s: float) -> bool:
        """Return whether the event will be, counted from when it could first run."""
        if self.function is None:
            return False
        left_s = self.function.max_age_s - in_s
        if self.invocation.submitted_at >= time.time() - left_s:
            return False
        broker = self.attempt.broker
        ready_at = function_tasks.ready_at(broker, self.attempt.claim.id)
        # Both are times of Redis: a clock that is ahead here, or was behind there, ages no event.
        return ready_at is None or ready_at < broker.now_ms() / 1000 - left_s

    def _send(
        self, condition: Condition, payload: Any, error: dict[str, Any] | None, runs: int
    ) -> None:
        if self.invocation.kind is Kind.ASYNC and self.function is not None:
            destinations.send(
                self.attempt, self.function, self.invocation, self.event,
                destinations.End(condition, payload, error is not None, runs),
            )  # fmt: skip


def _import_of(environment: Environment, failed: Answer | None) -> Import:
    error = None if failed is None else failed.error
    return Import(environment.version, time.time(), environment.init_ms, error)


def _failed(error: dict[str, Any]) -> Answer:
    return Answer(b"", storable(error), Usage(0.0, None, None))


class _Log:
    """The lines of one invocation, as AWS writes them, kept with the task as they come."""

    def __init__(self, attempt: Attempt, environment: Environment) -> None:
        self._attempt, self._environment = attempt, environment
        self._lines: list[str] = []
        self._kept_at = time.monotonic()

    def start(self) -> None:
        """Write the first line; what was printed at the import stands before it."""
        self._lines += self._environment.output.finish()
        self._lines.append(f"START RequestId: {self._attempt.claim.id} Version: $LATEST")

    def look(self) -> None:
        """Keep what is there, now and then, so that it can be read while the function runs."""
        if time.monotonic() - self._kept_at >= FLUSH_S:
            self._lines += self._environment.output.take()
            self._keep()

    def end(self, function: Function, answer: Answer, init_ms: float | None) -> None:
        """Write the last lines."""
        request_id, usage = self._attempt.claim.id, answer.usage
        self._lines += self._environment.output.finish()
        if answer.is_spent and answer.error is not None:
            self._lines.append(_why_spent(request_id, answer.error))
        self._lines.append(f"END RequestId: {request_id}")
        init = "" if init_ms is None else f"Init Duration: {init_ms:.2f} ms\t\t"
        peak = function.memory_mb if usage.max_memory_mb is None else usage.max_memory_mb
        self._lines.append(
            f"REPORT RequestId: {request_id}\tDuration: {usage.duration_ms:.2f} ms"
            f"\tBilled Duration: {usage.billed_ms} ms"
            f"\tMemory Size: {function.memory_mb} MB\tMax Memory Used: {peak} MB\t{init}"
        )
        self._keep()

    def _keep(self) -> None:
        if self._lines:
            at = dt.datetime.now(dt.UTC).isoformat()
            keep_lines(self._attempt, at, [(_level_of(line), line) for line in self._lines])
            self._lines.clear()
        self._kept_at = time.monotonic()


_LEVELS = {"[ERROR]": "ERROR", "[CRITICAL]": "CRITICAL", "[WARNING]": "WARNING", "[DEBUG]": "DEBUG"}


def _level_of(line: str) -> str:
    return _LEVELS.get(line.partition("\t")[0].partition(" ")[0], "INFO")


def _why_spent(request_id: str, error: dict[str, Any]) -> str:
    text = str(error["errorMessage"]).removeprefix(f"RequestId: {request_id} Error: ")
    return f"{request_id} {text}"
