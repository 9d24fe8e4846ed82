"""The headline: what is worst comes first, with its cause and a way to it."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visits
from tests.browser.looking import expect_address, panel, verdict
from tests.browser.service import Stack

_NOW = 1_900_000_000_000
_JUDGE = """async ([queues, problem, causes]) => {
  const { verdict, severity } = await import('/static/js/state/verdict.js');
  const sum = (field) => queues.reduce((total, queue) => total + queue[field], 0);
  const stats = { queues, active_tasks: sum('active'), retry_tasks: 0, scheduled_tasks: 0,
    workers_online: sum('consumers'), success_tasks: 9, failed_tasks: 1 };
  const said = verdict({ stats, problem, socket: 'open', now: 1_900_000_000_000, skew: 0,
    facts: { causes: { value: causes } } }, 'http://here');
  return { ...said, short: severity(said), codes: said.conditions.map(({ code }) => code) };
}"""


def _queue(name: Any = "default", **facts: Any) -> dict[str, Any]:
    minute = {"seconds": 60, "done": 100, "failed": 0, "per_s": 1.7, "failure_rate": 0.0}
    minute |= {"per_s_before": 1.7, **facts.pop("last_minute", {})}
    return {
        "queue": name, "queued": 0, "active": 0, "retry": 0, "consumers": 1, "workers": 2,
        "paused": False, "draining": False, "set_aside": 0, "oldest_waiting_s": None,
        "stopped_by": None, "stopped_why": None, "stopped_at": None,
        "last_minute": minute, **facts,
    }  # fmt: skip


def _failing(share: float) -> dict[str, Any]:
    return {"last_minute": {"failed": round(100 * share), "failure_rate": share}}


def _group(first_seen: str = "2030-03-17T17:00:00Z", **more: Any) -> dict[str, Any]:
    return {
        "fingerprint": "00112233aabbccdd", "error_type": "KeyError", "message": "no such duck",
        "queues": ["default"], "task_types": ["feed"], "count": 7, "trend": [7],
        "first_seen": first_seen, "last_seen": "2030-03-17T17:46:30Z", **more,
    }  # fmt: skip


_NEW = "2030-03-17T17:45:00Z"  # _NOW is 17:46:40
_LATE = {"queued": 3, "oldest_waiting_s": 75, "active": 2}
_STOPPED = {"paused": True, "stopped_by": "ada", "stopped_at": "2030-03-17T17:41:40Z"}


@pytest.fixture(scope="module")
def judge(stack: Stack, tab: Page) -> Any:
    """Say what the pure function makes of queues, a problem and the causes of failures."""
    tab.goto(stack.dashboard)

    def judged(*queues: Any, problem: Any = None, causes: Any = ()) -> dict[str, Any]:
        return tab.evaluate(_JUDGE, [list(queues), problem, list(causes)])

    return judged


@pytest.mark.parametrize(
    ("queue", "causes", "severity", "code", "words"),
    [
        ({}, [], "fine", None, "All clear, nothing queued"),
        ({"active": 2, "queued": 5}, [], "fine", None, "2 running, 5 waiting"),
        (_STOPPED, [], "stopped", "paused", "The default queue is paused"),
        ({"draining": True}, [], "stopped", "draining", "The default queue is draining"),
        (_LATE, [], "late", "waiting_long", "default is falling behind"),
        (_failing(0.46), [], "losing", "failing", "default is failing: 46.0\u00a0%"),
        (_failing(0.10), [], "losing", "failing", "default is failing: 10.0\u00a0%"),
        (_failing(0.09), [_group()], "fine", None, "All clear"),
        ({}, [_group(_NEW)], "losing", "new_cause", "New failure: KeyError: no such duck"),
        ({"set_aside": 2}, [], "losing", "set_aside", "2 tasks are in quarantine"),
        ({"consumers": 0}, [], "broken", "no_consumer", "The default queue has no consumer"),
    ],
)  # fmt: skip
def test_each_state_has_its_sentence(
    judge: Any, queue: Any, causes: Any, severity: str, code: str | None, words: str
) -> None:
    said = judge(_queue(**queue), causes=causes)
    assert words in said["title"]
    assert said["severity"] == said["short"] == severity
    assert (said["codes"][:1] or [None])[0] == code


def test_what_is_worst_comes_first_and_the_rest_follows_in_its_order(judge: Any) -> None:
    everything = _STOPPED | _failing(0.5) | {"set_aside": 1}
    said = judge(
        _queue("default", **everything), _queue("high", **_LATE), _queue("low", consumers=0),
        causes=[_group(_NEW, fingerprint="ff" * 8, queues=["high"])],
    )  # fmt: skip
    assert said["codes"] == [
        "no_consumer", "failing", "new_cause", "set_aside", "waiting_long", "paused",
    ]  # fmt: skip
    away = judge(_queue(**everything), problem={"code": "unreachable", "text": ""})
    assert away["codes"] == ["unreachable"]  # what was known before is not judged


def test_a_new_failure_that_the_headline_names_has_no_line_of_its_own(judge: Any) -> None:
    said = judge(_queue(**_failing(0.5)), causes=[_group(_NEW)])
    assert said["codes"] == ["failing"]


def test_the_worst_queue_and_its_most_frequent_cause_are_named_and_linked(judge: Any) -> None:
    rare = _group(fingerprint="ff" * 8, count=900, trend=[1], error_type="OldError")
    said = judge(_queue("high", **_failing(0.2)), _queue(**_failing(0.4)), causes=[rare, _group()])
    first = said["conditions"][0]
    assert (first["queues"], first["number"]) == (["default"], 0.4)
    assert "40 of 100 tasks failed, mostly with KeyError: no such duck." in first["text"]
    assert first["link"] == {"page": "failures", "params": {"cause": "00112233aabbccdd"}}
    assert said["conditions"][1]["link"] == {"tasks": {"queue": "high", "state": "failed"}}


def test_who_stopped_a_queue_is_said_and_its_backlog_is_not_called_late(judge: Any) -> None:
    said = judge(_queue(**(_LATE | _STOPPED | {"stopped_why": "new printer"})))
    assert said["codes"] == ["paused"]
    assert said["text"] == "Paused by ada 5 min ago: new printer. 3 tasks wait."


def test_the_headline_names_a_failure_and_leads_to_it(visits: Visits, stack: Stack) -> None:
    task_id = stack.api.submit("fail_at_once", {"message": "the headline knows of it"})
    stack.api.wait_for_status(task_id, "FAILURE")
    cause = stack.api.call("GET", f"/api/tasks/{task_id}")["cause"]
    page = visits.open(stack.dashboard)

    expect(verdict(page)).to_have_attribute("data-severity", "losing")
    page.evaluate("document.querySelector('[data-testid=verdict-link]').click()")
    expect(page).not_to_have_url(stack.dashboard)
    page.goto(f"{stack.dashboard}?cause={cause}#/failures")
    expect(page.get_by_test_id("group-sample")).to_contain_text("the headline knows of it")


@pytest.mark.usefixtures("held_low")
def test_one_box_has_one_zone_and_the_menu_changes_it(visits: Visits, stack: Stack) -> None:
    task_id = stack.api.submit("fail_slowly", {"message": "later"})
    stack.api.wait_for_status(task_id, "RETRY")
    due = stack.api.call("GET", f"/api/tasks/{task_id}")["next_retry_at"]
    page = visits.open(f"{stack.dashboard}#/tasks/{task_id}", timezone_id="Asia/Kolkata")
    why = panel(page).get_by_test_id("why")

    expect(why.get_by_test_id("why-zone")).to_have_text("Times in GMT+5:30")
    local = page.evaluate(
        "(at) => new Date(at).toLocaleTimeString('en-GB', { timeZone: 'Asia/Kolkata' })", due
    )
    expect(why.locator(".why-summary")).to_contain_text(f"Next attempt at {local}")
    expect(why).not_to_contain_text("UTC")
    page.evaluate("document.querySelector('[data-testid=zone-switch]').click()")
    expect(why.get_by_test_id("why-zone")).to_have_text("Times in UTC")
    expect(why.locator(".why-summary")).to_contain_text(f"Next attempt at {due[11:19]}")
    page.reload()
    expect(why.get_by_test_id("why-zone")).to_have_text("Times in UTC")


@pytest.mark.usefixtures("held_low")
def test_a_reason_is_said_once_with_who_paused(visits: Visits, stack: Stack) -> None:
    task_id = stack.api.submit("two_steps", {"first": "/", "second": "/"})
    page = visits.open(f"{stack.dashboard}#/tasks/{task_id}")
    why = panel(page).get_by_test_id("why")

    expect(why.locator(".why-summary")).to_contain_text("Queue low is paused by 127.0.0.1")
    expect(why.locator(".why-summary")).to_contain_text("Since ")
    expect(why.locator(".reasons")).not_to_contain_text("paused")
    assert (why.text_content() or "").count("Queue low is paused") == 1


def test_the_words_on_the_chips_are_words_of_the_search(visits: Visits, stack: Stack) -> None:
    page = visits.open(f"{stack.dashboard}#/tasks")
    labels = page.locator('[data-testid^="chip-state-"]:not([data-testid$="any"])')
    expect(labels).to_have_count(8)
    for index in range(8):
        with page.expect_response("**/api/tasks?**") as answer:
            labels.nth(index).click()
        assert answer.value.status in (200, 304)  # 304: as it was when the page last asked
        expect(page.get_by_test_id("find")).to_have_value(
            "state:"
            + page.evaluate(
                "(chip) => chip.childNodes[1].data.toLowerCase()",
                labels.nth(index).element_handle(),
            )
        )
        labels.nth(index).click()
    page.get_by_test_id("find").fill("state:can")
    offered = page.get_by_test_id("find-options").get_by_role("option")
    expect(offered.first).to_contain_text("state:cancelled")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (
            "a family: \U0001f469\u200d\U0001f469\u200d\U0001f467",
            "\U0001f469\u200d\U0001f469\u200d\U0001f467",
        ),
        (
            "\u2764\ufe0f\u200d\U0001f525 \U0001f468\U0001f3fd\u200d\U0001f4bb",
            "\u2764\ufe0f\u200d\U0001f525",
        ),
        ("\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", "\u0645\u06cc\u200c\u062e"),
        ("pay\u200dpal pay\u200cpal", r"pay\u200dpal pay\u200cpal"),
    ],
)
def test_joiners_are_kept_where_they_join_and_spelled_out_where_they_hide(
    visits: Visits, stack: Stack, text: str, shown: str
) -> None:
    page = visits.open(stack.dashboard)
    seen = page.evaluate(
        "async (text) => (await import('/static/js/lib/json_text.js')).visible(text)", text
    )
    assert shown in seen


def test_an_error_in_another_script_stays_beside_its_heading(visits: Visits, stack: Stack) -> None:
    message = "\u0644\u0645 \u064a\u062a\u0645 \u0627\u0644\u0639\u062b\u0648\u0631"
    task_id = stack.api.submit("fail_plainly", {"message": message})
    stack.api.wait_for_status(task_id, "FAILURE")
    page = visits.open(f"{stack.dashboard}#/tasks/{task_id}")

    text = panel(page).locator(".error-text")
    expect(text).to_have_css("direction", "rtl")
    expect(text).to_have_css("text-align", "left")


def test_a_traceback_folds_what_repeats_and_what_is_a_librarys(
    visits: Visits, stack: Stack
) -> None:
    page = visits.open(stack.dashboard)
    ours, library = (
        '  File "/srv/shop/ours.py", line 7, in walk',
        '  File "/x/site-packages/y.py", line 1',
    )
    frames = [library] * 2 + [ours, "    walk()", '  File "/srv/shop/ours.py", line 9, in step'] * 5
    text = "\n".join(["Traceback (most recent call last):", *frames, library, "ValueError: no"])
    blocks = page.evaluate(
        "async (text) => (await import('/static/js/lib/traceback.js')).blocksOf(text)", text
    )
    assert [one["kind"] for one in blocks] == [
        "text",
        "foreign",
        "own",
        "repeat",
        "foreign",
        "text",
    ]
    assert (blocks[1]["frames"], blocks[3]["frames"], blocks[3]["times"]) == (2, 2, 4)


def test_a_failed_task_shows_the_end_of_its_traceback(visits: Visits, stack: Stack) -> None:
    task_id = stack.api.submit("fail_at_once", {"message": "line\n" * 200 + "the end"})
    stack.api.wait_for_status(task_id, "FAILURE")
    page = visits.open(f"{stack.dashboard}#/tasks/{task_id}")
    place = panel(page).get_by_test_id("traceback").first

    expect(place).to_contain_text("the end")
    gap = "(e) => e.scrollHeight - e.scrollTop - e.clientHeight"
    expect(place).to_be_visible()
    assert place.evaluate("(e) => e.scrollTop") > 0 and place.evaluate(gap) < 2
    panel(page).locator(".trouble summary").first.click()
    expect_hidden = panel(page).locator(".trouble .tb-own")
    expect(expect_hidden).not_to_be_visible()  # and no refresh opens it
    page.evaluate("new Promise((done) => setTimeout(done, 2500))")
    expect(expect_hidden).not_to_be_visible()


def test_figures_say_that_they_are_of_the_last_minute(visits: Visits, stack: Stack) -> None:
    stack.api.wait_for_status(stack.api.submit("echo", {"value": 1}), "SUCCESS")
    page = visits.open(stack.dashboard)
    smalls = page.get_by_test_id("queue-default").locator(".smalls div")

    expect(smalls.filter(has_text="Throughput")).to_contain_text("last min")
    expect(page.get_by_test_id("plot-retries")).to_be_visible()
    page.goto(f"{stack.inspector}queues")
    expect(
        page.get_by_test_id("queue-default").locator('[data-label="Throughput"]')
    ).to_contain_text("last min")
    expect_address(page, "/queues")
