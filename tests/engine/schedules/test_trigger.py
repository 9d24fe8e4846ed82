"""Plans: their times, in every time zone and over its changes; their words; what can be none."""

import datetime as dt
import zoneinfo
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from huey_tasks.errors import InvalidQuery
from huey_tasks.schedules.trigger import MOST_MISSED, Trigger

BERLIN = zoneinfo.ZoneInfo("Europe/Berlin")


def ms(
    year: int, month: int, day: int, hour: int = 0, minute: int = 0, *,
    zone: dt.tzinfo = dt.UTC, fold: int = 0,
) -> int:  # fmt: skip
    """A time as plans have it."""
    at = dt.datetime(year, month, day, hour, minute, tzinfo=zone, fold=fold)
    return round(at.timestamp() * 1000)


def cron(text: str, timezone: str = "Europe/Berlin") -> Trigger:
    return Trigger.of(text, None, timezone, ms(2026, 1, 1))


def local(trigger: Trigger, after_ms: int, number: int) -> list[str]:
    """Its next times in Berlin, with the offset that tells two same hours apart."""
    times = (dt.datetime.fromtimestamp(at / 1000, BERLIN) for at in trigger.after(after_ms, number))
    return [f"{at:%d. %H:%M%z}"[:-2] for at in times]


# ---- cron


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("0 3 * * *", "At 03:00 every day"),
        ("*/5 * * * *", "Every 5 minutes"),
        ("*/7 * * * *", "Every seventh minute of every hour"),
        ("0 9 * * mon-fri", "At 09:00 on Monday through Friday"),
        ("30 4 1 * *", "At 04:30 on the first day of every month"),
        ("0  0   L * *", "At 00:00 on the last day of every month"),
    ],
)
def test_cron_in_words(text: str, words: str) -> None:
    assert cron(text).words == words


def test_cron_is_due_in_its_own_time_zone() -> None:
    at_nine = [cron("0 9 * * *", zone).after(ms(2026, 1, 10))[0] for zone in ("UTC", "Asia/Tokyo")]
    assert at_nine == [ms(2026, 1, 10, 9), ms(2026, 1, 11)]


def test_a_due_time_is_not_the_one_after_itself() -> None:
    trigger = cron("0 9 * * *", "UTC")
    first = ms(2026, 1, 10, 9)
    assert trigger.after(first - 1) == (first,)
    assert trigger.after(first) == (ms(2026, 1, 11, 9),)


# Clocks in Berlin go from 02:00 to 03:00 on 29 March, and from 03:00 to 02:00 on 25 October, 2026.


def test_a_time_that_does_not_exist_is_made_up_for_at_the_end_of_the_hour_left_out() -> None:
    before = ms(2026, 3, 28, 12, zone=BERLIN)
    wanted = ["29. 03:00+02", "30. 02:30+02"]
    assert local(cron("30 2 * * *"), before, 2) == wanted
    at_three = cron("30 2 * * *").after(before)[0]
    assert local(cron("30 2 * * *"), at_three, 1) == wanted[1:], "not once more on that day"


def test_a_time_that_exists_twice_is_due_once() -> None:
    before = ms(2026, 10, 24, 12, zone=BERLIN)
    trigger = cron("30 2 * * *")
    assert local(trigger, before, 2) == ["25. 02:30+02", "26. 02:30+01"]
    for minute in (0, 15, 30, 45):  # asked in the second of the two hours
        second = ms(2026, 10, 25, 2, minute, zone=BERLIN, fold=1)
        assert local(trigger, second, 1) == ["26. 02:30+01"], minute


def test_what_is_due_every_so_many_minutes_goes_on_through_both_changes() -> None:
    half_hours = cron("*/30 * * * *")
    assert local(half_hours, ms(2026, 3, 29, 1, zone=BERLIN), 3) == [
        "29. 01:30+01", "29. 03:00+02", "29. 03:30+02",
    ]  # fmt: skip
    assert local(half_hours, ms(2026, 10, 25, 2, zone=BERLIN), 5) == [
        "25. 02:30+02", "25. 02:00+01", "25. 02:30+01", "25. 03:00+01", "25. 03:30+01",
    ]  # fmt: skip
    hourly = cron("0 * * * *").after(ms(2026, 10, 25, 0, zone=BERLIN), 5)
    assert {later - sooner for sooner, later in pairwise(hourly)} == {3_600_000}


# ---- seconds


@pytest.mark.parametrize(
    ("every_s", "words"),
    [
        (1, "Every second"),
        (90, "Every 90 seconds"),
        (60, "Every minute"),
        (300, "Every 5 minutes"),
        (3600, "Every hour"),
        (172_800, "Every 2 days"),
        (1.5, "Every 1.5 seconds"),
        (3_601, "Every 3,601 seconds"),
    ],
)
def test_seconds_in_words(every_s: float, words: str) -> None:
    assert Trigger.of(None, every_s, None, 0).words == words


def test_runs_are_reckoned_from_the_start_so_that_lateness_adds_up_to_nothing() -> None:
    trigger = Trigger.of(None, 10, None, 5_000)
    assert trigger.after(5_000, 3) == (15_000, 25_000, 35_000)
    assert trigger.after(0) == (15_000,), "none before it has begun"
    for late_ms in (15_000, 15_001, 24_999):
        assert trigger.after(late_ms) == (25_000,)


# ---- what has passed


def test_due_times_that_have_passed_are_counted_beyond_the_first() -> None:
    minutes, seconds = cron("* * * * *", "UTC"), Trigger.of(None, 60, None, 0)
    for trigger in (minutes, seconds):
        assert trigger.passed(60_000, 59_999) == 0
        assert trigger.passed(60_000, 60_000) == 0
        assert trigger.passed(60_000, 119_999) == 0
        assert trigger.passed(60_000, 120_000) == 1
        assert trigger.passed(60_000, 660_000) == 10


def test_after_a_very_long_absence_no_more_than_a_week_of_minutes_is_counted() -> None:
    month = 31 * 86_400_000
    for trigger in (cron("* * * * *", "UTC"), Trigger.of(None, 60, None, 0)):
        assert trigger.passed(60_000, month) == MOST_MISSED


# ---- what can be no trigger


@pytest.mark.parametrize(
    ("given", "pointer", "code"),
    [
        ((None, None, None), "/cron", "cron_or_every_s"),
        (("* * * * *", 60, None), "/cron", "cron_or_every_s"),
        (("", None, None), "/cron", "cron"),
        (("* * * *", None, None), "/cron", "cron"),
        (("0 * * * * *", None, None), "/cron", "cron"),
        (("60 * * * *", None, None), "/cron", "cron"),
        (("* 24 * * *", None, None), "/cron", "cron"),
        (("* * 0 * *", None, None), "/cron", "cron"),
        (("* * * 13 *", None, None), "/cron", "cron"),
        (("* * * * 8", None, None), "/cron", "cron"),
        (("*/0 * * * *", None, None), "/cron", "cron"),
        (("5-1 * * * *", None, None), "/cron", "cron"),
        (("@daily", None, None), "/cron", "cron"),
        (("٣ * * * *", None, None), "/cron", "cron"),
        (("1, * * * *", None, None), "/cron", "cron"),
        (("0 0 * * ſun", None, None), "/cron", "cron"),
        (("0 0 " + "1," * 60 + "1 * *", None, None), "/cron", "cron"),
        (("0 0 30 2 *", None, None), "/cron", "cron"),
        (("0 0 */20 * 1L", None, None), "/cron", "never"),
        (("0 3 * * *", None, "Berlin"), "/timezone", "timezone"),
        (("0 3 * * *", None, ""), "/timezone", "timezone"),
        (("0 3 * * *", None, "Europe"), "/timezone", "timezone"),
        (("0 3 * * *", None, "../etc/passwd"), "/timezone", "timezone"),
        (("0 3 * * *", None, "localtime"), "/timezone", "timezone"),
        ((None, 0.999, None), "/every_s", "every_s"),
        ((None, 31_536_001, None), "/every_s", "every_s"),
        ((None, float("nan"), None), "/every_s", "every_s"),
        ((None, 60, "Europe/Berlin"), "/timezone", "cron_only"),
    ],
)
def test_what_is_no_plan_says_which_field_and_why(
    given: tuple[str | None, float | None, str | None], pointer: str, code: str
) -> None:
    with pytest.raises(InvalidQuery) as caught:
        Trigger.of(*given, 0)
    assert [(one.pointer, one.code) for one in caught.value.problems] == [(pointer, code)]


def test_each_wrong_field_is_named() -> None:
    with pytest.raises(InvalidQuery) as caught:
        Trigger.of("x", None, "x", 0)
    assert {one.pointer for one in caught.value.problems} == {"/cron", "/timezone"}


def _field(low: int, high: int, *words: str) -> st.SearchStrategy[str]:
    """A field, mostly a right one: numbers, ranges, steps, and what the field alone takes."""
    number = st.integers(low, high)
    ranges = st.tuples(number, number).map(sorted).map(lambda two: f"{two[0]}-{two[1]}")
    steps = st.builds("{}/{}".format, st.one_of(st.just("*"), number, ranges), st.integers(0, 40))
    part = st.one_of(st.just("*"), number.map(str), ranges, steps, st.sampled_from(["-", *words]))
    return st.lists(part, min_size=1, max_size=3).map(",".join)


_CRON = st.builds(
    "{} {} {} {} {}".format,
    _field(0, 59),
    _field(0, 23),
    _field(1, 31, "L", "LW", "L/2"),
    _field(1, 12, "JAN", "feb-MAR", "JAN-DEC/2"),
    _field(0, 7, "MON", "sun-TUE", "5#5", "1L", "5#L", "7/2", "SUN#1", "1L/2"),
)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    _CRON,
    st.integers(0, 4_000_000_000_000),
    st.sampled_from(["UTC", "Europe/Berlin", "Australia/Lord_Howe", "America/St_Johns"]),
)
def test_whatever_is_taken_has_words_and_times_that_follow_one_another(
    text: str, after_ms: int, timezone: str
) -> None:
    try:
        trigger = Trigger.of(text, None, timezone, after_ms)
    except InvalidQuery:
        return
    assert trigger.words
    times = trigger.after(after_ms, 3)
    assert list(times) == sorted(set(times)) and all(at > after_ms for at in times)
    if times:
        assert trigger.after(times[0] - 1) == times[:1]
        assert trigger.passed(times[0], times[-1]) == len(times) - 1
