"""The rule of an option that is a number, with what to write instead of a wrong one."""

import datetime as dt
import math
from dataclasses import dataclass

#: Seconds. The longest delay between attempts is a week, the longest time limit a year.
WEEK_S, YEAR_S = 7 * 86_400, 366 * 86_400


@dataclass(frozen=True)
class Number:
    """The rule of an option: a number in a range, or None if it is optional."""

    low: float
    high: float
    unit: str = ""
    whole: bool = False
    optional: bool = False
    #: What Celery's True is here.
    usual: float | None = None

    def problem(self, value: object) -> str | None:
        """Return why a value is invalid, None if it is valid."""
        if value is None and self.optional:
            return None
        kinds = (int,) if self.whole else (int, float)
        if isinstance(value, kinds) and not isinstance(value, bool) and self._in_range(value):
            return None
        return f"it takes {self}{self._hint(value)}"

    def _hint(self, value: object) -> str:
        if isinstance(value, str) and self.problem(_number_in(value)) is None:
            return f"; write {value.strip()}, without the quotes"
        if isinstance(value, dt.timedelta) and self.unit:
            seconds = value.total_seconds()
            return f"; write {seconds:.15g}" if self.problem(seconds) is None else ""
        if value is True and self.usual is not None:
            return f"; write {self.usual:g}"
        if self.optional and isinstance(value, int | float) and value == 0:
            return "; leave it out for no limit"
        return ""

    def _in_range(self, value: float) -> bool:
        return self.low <= value <= self.high  # which NaN is not

    def __str__(self) -> str:
        kind = "a whole number" if self.whole else "a number"
        of = f" of {self.unit}" if self.unit else ""
        return f"{kind}{of} from {self.low:.15g} to {self.high:.15g}"


#: The rule of each single wait between two attempts.
DELAY = Number(0, WEEK_S, "seconds")


def shown(value: object) -> str:
    """Return the start of a value's repr, in ASCII, whatever its own code does."""
    try:
        return ascii(value)[:80]
    except Exception as error:  # a value whose own code fails
        return f"<{type(value).__name__}, whose repr raises {type(error).__name__}>"


def _number_in(text: str) -> float | int | None:
    try:
        return int(text)
    except ValueError:
        try:
            return float(text)
        except ValueError:
            return math.nan
