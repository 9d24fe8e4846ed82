"""Whether another attempt follows a failed one, and after how long.

A task type has rules, from the options of `@task`; a task overrides them with `Retry` and `Fail`.
Both are errors as any other one, so `retries` bounds them. Knows neither Redis nor the queue.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple, Never

from huey import exceptions
from huey.exceptions import CancelExecution, RetryTask

from huey_tasks.declaration import other_words
from huey_tasks.declaration.number import DELAY, shown
from huey_tasks.declaration.retry_options import error_types
from huey_tasks.values.safe_repr import leaves_of, reason_of, repr_of, type_name

#: Raised inside a task whose time limit is over; a public name, for `retry_on`.
TaskTimeout = exceptions.TaskTimeout

#: Seconds until the next attempt when `retry_delay` is a function that gives no delay.
FALLBACK_DELAY_S = 2.0

#: Exceptions that a function of the user's must not keep: they stop the attempt.
_STOPS = (TaskTimeout, CancelExecution, KeyboardInterrupt)


#: How many exceptions, each raised from the next, are looked at.
_MOST_BEHIND = 100


class Retry(Exception):
    """Raise it inside a task for another attempt, if `retries` allows one.

    `delay_s`: seconds until then, instead of the task type's `retry_delay`. Raised from an error,
    or while one is handled, it stands for that error, which is reported. Raises ValueError for a
    delay that is no number of seconds from 0 to a week.
    """

    def __init__(
        self,
        why: str = "the task asked for another attempt",
        *,
        delay_s: float | None = None,
        **unknown: Never,
    ) -> None:
        for option in unknown:
            raise other_words.no_option("Retry(…)", option, other_words.OF_RETRY, ("delay_s",))
        super().__init__(why)
        if delay_s is not None and (problem := DELAY.problem(delay_s)):
            raise ValueError(f"delay_s={shown(delay_s)} is not right: {problem}")
        self.delay_s = delay_s


class Fail(Exception):
    """Raise it inside a task, with the reason: the task fails, whatever `retries` says."""

    #: Why no attempt follows, for the task's log.
    remark = "not tried again: the task raised Fail"


class Verdict(NamedTuple):
    """What follows a failed attempt.

    `delay_s`: None for the delay that Huey keeps, which grows by `retry_backoff`. `exact`: the task
    asked for it, so neither a cap nor jitter applies. `remark`: a line for the task's log.
    """

    again: bool = True
    delay_s: float | None = None
    exact: bool = False
    remark: str = ""


@dataclass(frozen=True)
class RetryRules:
    """The rules of a task type. `delays` is None if the delay is a number."""

    delays: tuple[float, ...] | Callable[[int, BaseException], float] | None = None
    retry_on: tuple[type[BaseException], ...] | None = None
    no_retry_on: tuple[type[BaseException], ...] = ()

    @classmethod
    def of(cls, delay: Any, retry_on: Any, no_retry_on: Any) -> "RetryRules":
        """Return the rules for options that have been checked."""
        delays = tuple(delay) if isinstance(delay, list | tuple) else delay
        return cls(
            None if isinstance(delays, int | float) else delays,
            None if retry_on is None else error_types(retry_on),
            error_types(no_retry_on),
        )

    def verdict(
        self, error: BaseException, attempt: int, retries_left: int, *, may_call: bool = True
    ) -> Verdict:
        """Decide after an attempt, counted from 1, that ended with this error.

        A group of errors is tried again if each of them would be. Calls a `retry_delay` that is a
        function, unless `may_call` is false. Never raises, unless the attempt is stopped meanwhile.
        """
        if issubclass(type(error), RetryTask | CancelExecution):
            return Verdict()
        leaves = leaves_of(error)
        asked = _one_of(leaves, Retry)
        if retries_left <= 0:
            return Verdict(remark="Retry has no effect: no retries are left" if asked else "")
        if failed := _one_of(leaves, Fail):
            return Verdict(again=False, remark=failed[0].remark)
        refused = None if asked else next((one for one in leaves if not self._allows(one)), None)
        if refused is not None:
            listed = issubclass(type(refused), self.no_retry_on)
            why = "in no_retry_on" if listed else "not in retry_on"
            remark = f"not tried again: {type_name(type(refused))} is {why}"
            return Verdict(again=False, remark=remark)
        delays = [one.delay_s for one in asked if one.delay_s is not None]
        if delays:
            return Verdict(delay_s=max(delays), exact=True)
        if callable(self.delays):
            return (
                self._ask(attempt, behind(error)) if may_call else Verdict(True, FALLBACK_DELAY_S)
            )
        if self.delays is None:
            return Verdict()
        return Verdict(delay_s=self.delays[min(attempt, len(self.delays)) - 1])

    def _allows(self, error: BaseException) -> bool:
        kind = type(error)
        if issubclass(kind, self.no_retry_on):
            return False
        return self.retry_on is None or issubclass(kind, self.retry_on)

    def _ask(self, attempt: int, error: BaseException) -> Verdict:
        function: Any = self.delays
        try:
            delay_s: Any = function(attempt, error)
            if (problem := DELAY.problem(delay_s)) is None:
                return Verdict(delay_s=float(delay_s))
            why = f"returned {shown(delay_s)}, and {problem}"
        except _STOPS:
            raise
        except BaseException as raised:  # the user's own code: it must not cost the task a retry
            why = f"raised {repr_of(raised)}"
        remark = f"retry_delay {why}; the next attempt follows after {FALLBACK_DELAY_S:.0f} s"
        return Verdict(delay_s=FALLBACK_DELAY_S, remark=remark)


def behind(error: BaseException) -> BaseException:
    """Return the error that a `Retry` stands for; any other unchanged."""
    for _ in range(_MOST_BEHIND):
        if not issubclass(type(error), Retry):
            break
        handled = None if error.__suppress_context__ else error.__context__
        cause = reason_of(error) or handled
        if cause is None:
            break
        error = cause
    return error


def _one_of(errors: list[BaseException], kind: Any) -> list[Any]:
    return [error for error in errors if issubclass(type(error), kind)]
