"""What is said of a cron expression or a time zone that cannot be: the term, and what to write."""

import pytest

from huey_tasks.errors import InvalidQuery
from huey_tasks.schedules.trigger import Trigger


def said(cron: str | None, timezone: str | None = None, every_s: float | None = None) -> str:
    with pytest.raises(InvalidQuery) as caught:
        Trigger.of(cron, every_s, timezone, 0)
    (problem,) = caught.value.problems
    return problem.message


@pytest.mark.parametrize(
    ("cron", "words"),
    [
        ("0 3 * * 8", ["'8'", "day of week", "0 to 7", "Sunday"]),
        ("0 3 * * mon,mo", ["'mo'", "day of week", "SUN to SAT"]),
        ("60 3 * * *", ["'60'", "minute", "0 to 59"]),
        ("0 24 * * *", ["'24'", "hour", "0 to 23"]),
        ("0 3 0 * *", ["'0'", "day of month", "1 to 31"]),
        ("0 3 * 13 *", ["'13'", "month", "JAN to DEC"]),
        ("0 3 ? * *", ["'?'", "write * for any"]),
        ("*/0 * * * *", ["'*/0'", "a step is 1 or more"]),
        ("0 3 * * fri-mon", ["'fri-mon'", "a range begins with its lower end"]),
        ("1,,2 * * * *", ["minute '1,,2'", "commas"]),
        ("*/5 * * *", ["Five fields are needed, not 4", "minute, hour, day of month"]),
        ("0 0 3 * * *", ["not 6", "every_s"]),
        ("", ["Five fields are needed: minute"]),
        ("every day", ["Five fields are needed, not 2"]),
        ("@daily", ["Write '0 0 * * *'"]),
        ("@Hourly", ["Write '0 * * * *'"]),
        ("@weekly", ["Write '0 0 * * 0'"]),
        ("@every 5m", ["use every_s"]),
        ("@reboot", ["five fields"]),
        ("0 0 30 feb *", ["never due", "month 'feb' has no day '30'"]),
        ("0 0 " + "1," * 60 + "1 * *", ["100 characters"]),
    ],
)
def test_a_wrong_expression_names_the_term_and_the_remedy(cron: str, words: list[str]) -> None:
    message = said(cron)
    assert all(word in message for word in words), message
    assert "; a step" not in message or "/0" in cron


@pytest.mark.parametrize("nickname", ["@yearly", "@monthly", "@weekly", "@midnight", "@hourly"])
def test_what_is_advised_for_a_nickname_is_an_expression(nickname: str) -> None:
    advised = said(nickname).split("'")[1]
    assert Trigger.of(advised, None, None, 0).words


@pytest.mark.parametrize(
    ("timezone", "meant"),
    [
        ("Berlin", "Europe/Berlin"),
        ("europe/berlin", "Europe/Berlin"),
        ("Europe/Berlni", "Europe/Berlin"),
        ("New York", "America/New_York"),
        ("America/NewYork", "America/New_York"),
        ("tokio", "Asia/Tokyo"),
        ("utc", "UTC"),
    ],
)
def test_a_misspelt_time_zone_gets_the_nearest_name(timezone: str, meant: str) -> None:
    assert said("0 3 * * *", timezone).endswith(f"did you mean '{meant}'?")


@pytest.mark.parametrize("timezone", ["GMT+1", "UTC-5", "+01:00", "-0800"])
def test_an_offset_is_asked_for_as_a_place(timezone: str) -> None:
    assert "offset" in said("0 3 * * *", timezone)


def test_a_time_zone_that_is_near_to_none_gets_an_example() -> None:
    for timezone in ("", "Europe", "../etc/passwd", "x" * 10_000):
        message = said("0 3 * * *", timezone)
        assert message.endswith("write one such as 'Europe/Berlin'.") and len(message) < 150


def test_a_trigger_of_neither_kind_or_of_both_says_so() -> None:
    assert said(None) == (
        "One of cron (five fields), every_s (seconds) and run_at (a time) is needed."
    )
    assert said("* * * * *", None, 5.0).endswith("is needed, not two.")
