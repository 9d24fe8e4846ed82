"""AWS's expressions: what they mean here, how they are written, and what is refused."""

import datetime as dt

import pytest

from huey_tasks.schedules.aws_expressions import BadExpression, Plan, read, write

CRONS = {
    "cron(0 3 * * ? *)": "0 3 * * *",
    "cron(0/15 * * * ? *)": "0-59/15 * * * *",
    "cron(15 12 ? * MON-FRI *)": "15 12 * * MON-FRI",
    "cron(0 18 ? * 2-6 *)": "0 18 * * 1-5",
    "cron(0 9 ? * 1,7 *)": "0 9 * * 0,6",
    "cron(0 9 ? * 2#1 *)": "0 9 * * 1#1",
    "cron(0 9 ? * 6L *)": "0 9 * * 5L",
    "cron(0 9 ? * L *)": "0 9 * * 6",
    "cron(0 8 1 * ? *)": "0 8 1 * *",
    "cron(0 8 L * ? *)": "0 8 L * *",
    "cron(5/20 8-17/2 * JAN,7 ? *)": "5-59/20 8-17/2 * JAN,7 *",
    "cron(0 0 ? * 1/2 *)": "0 0 * * 0-6/2",
}


@pytest.mark.parametrize("expression", CRONS)
def test_a_cron_of_six_fields(expression: str) -> None:
    plan = read(expression)
    assert plan == Plan(cron=CRONS[expression], timezone="UTC")
    assert read(write(plan)) == plan


@pytest.mark.parametrize(
    ("expression", "seconds"),
    [("rate(1 minute)", 60), ("rate(5 minutes)", 300), ("rate(1 hour)", 3600),
     ("rate(2 days)", 172_800)],
)  # fmt: skip
def test_a_rate(expression: str, seconds: int) -> None:
    assert read(expression) == Plan(every_s=seconds)
    assert write(read(expression)) == expression


def test_a_time_is_of_its_zone() -> None:
    at = dt.datetime(2026, 11, 28, 8, tzinfo=dt.UTC)
    assert read("at(2026-11-28T08:00:00)") == Plan(run_at=at)
    assert read("at(2026-11-28T09:00:00)", "Europe/Berlin") == Plan(run_at=at)
    assert write(Plan(run_at=at)) == "at(2026-11-28T08:00:00)"
    assert read("cron(0 3 * * ? *)", "Europe/Berlin").timezone == "Europe/Berlin"


REFUSED = {
    "rate(1 minutes)": "write rate(1 minute)",
    "rate(5 minute)": "rate(2 minutes)",
    "rate(0 minutes)": "write rate",
    "rate(5 seconds)": "is none of",
    "cron(0 3 * * *)": "six fields, not 5",
    "cron(0 3 * * * *)": "must be ?",
    "cron(0 3 ? * ? *)": "only one",
    "cron(0 3 * * ? 2027)": "the year '2027' cannot be served",
    "cron(0 3 15W * ? *)": "'15W' is no day of month",
    "cron(99 3 * * ? *)": "'99' is no minute",
    "cron(0 3 ? * 0 *)": "not in 1 (Sunday) to 7",
    "at(2026-13-28T08:00:00)": "month must be in 1..12",
    "hourly": "is none of",
}


@pytest.mark.parametrize("expression", REFUSED)
def test_what_cannot_be_served_says_why(expression: str) -> None:
    with pytest.raises(BadExpression) as refused:
        read(expression)
    assert REFUSED[expression] in str(refused.value)


@pytest.mark.parametrize(
    ("text", "timezone"),
    [("0001-01-01T00:00:00", "Asia/Tokyo"), ("9999-12-31T23:00:00", "America/New_York")],
)
def test_a_time_that_no_date_can_be_is_refused(text: str, timezone: str) -> None:
    with pytest.raises(BadExpression, match="out of range"):
        read(f"at({text})", timezone)


def test_an_unknown_zone_is_refused() -> None:
    with pytest.raises(BadExpression, match="has no time zone 'Europe/Berln'"):
        read("rate(1 hour)", "Europe/Berln")
