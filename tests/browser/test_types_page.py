"""The task types: what each is, and the limits that an operator sets and removes."""

from playwright.sync_api import expect

from tests.browser.conftest import Visits
from tests.browser.page_checks import expect_address, question
from tests.browser.service import Stack

LIMITS = "/api/task-types/send_email/limits"
_TOP = "field => Math.round(field.getBoundingClientRect().top)"
OF_FAILING = "/api/task-types/fail_at_once/limits"


def test_limits_are_set_told_audited_and_removed(visits: Visits, stack: Stack) -> None:
    visits.allow("422")
    page = visits.open(f"{stack.dashboard}types")
    row = page.get_by_test_id("type-send_email")
    expect(row).to_contain_text("Send an e-mail")
    row.get_by_role("link", name="send_email", exact=True).click()
    expect_address(page, "/types/send_email")
    limits = page.get_by_test_id("limits")
    expect(limits).to_contain_text("No limits")

    labels = ("Running at a time", "Starts", "Per", "For each value of", "In turns by")
    tops = {limits.get_by_label(label).first.evaluate(_TOP) for label in labels}
    assert len(tops) == 1, "they are in one row where there is room"
    limits.get_by_test_id("set-limits").click()
    expect(limits.get_by_role("alert")).to_contain_text("Give at least one of")
    hold_back = limits.get_by_label("Hold back while too many fail")
    expect(limits.get_by_label("Share that fails")).to_be_hidden()
    hold_back.check()
    limits.get_by_label("Of the last attempts").fill("0")
    limits.get_by_test_id("set-limits").click()
    expect(limits.get_by_test_id("error-/breaker/of")).to_be_visible()
    limits.get_by_label("Of the last attempts").fill("20")
    limits.get_by_label("Starts").fill("0")
    limits.get_by_test_id("set-limits").click()
    expect(limits.get_by_test_id("error-/rate")).to_be_visible()
    limits.get_by_label("Running at a time").fill("2")
    limits.get_by_label("Starts").fill("10")
    limits.get_by_test_id("per-unit").select_option("minute")
    limits.get_by_label("For each value of").fill("to")
    limits.get_by_label("In turns by").fill("subject")
    limits.get_by_text("For the audit").click()
    limits.get_by_label("Reason").fill("the relay is slow")
    with page.expect_request(f"**{LIMITS}") as sent:
        limits.get_by_test_id("set-limits").click()
    assert '"if_updated_at":null' in (sent.value.post_data or ""), "there were none"

    now = limits.get_by_test_id("limits-now")
    expect(now).to_have_text(
        "Now: at most 2 running, at most 10 starts per minute, held back when half of the last 20"
        " attempts fail within 1 minute: for 30 seconds, then until 3 attempts succeed, for each"
        " value of “to”, in turns by “subject”"
    )
    found = stack.api.call("GET", LIMITS)
    assert (found["concurrency"], found["rate"], found["per"], found["by"]) == (2, 10, 60, "to")
    usual = stack.api.call("PUT", LIMITS, {"breaker": {}})["breaker"]
    assert found["breaker"] == usual, "the form is prefilled with the defaults of the API"
    expect(now).to_contain_text("Now: held back when half of")
    expect(hold_back).to_be_checked()
    limits.get_by_label("Share that fails").fill("0.25")
    limits.get_by_label("Pause", exact=True).fill("2")
    limits.get_by_test_id("pause_s-unit").select_option("minute")
    limits.get_by_test_id("set-limits").click()
    expect(now).to_contain_text("held back when 25 % of")
    assert stack.api.call("GET", LIMITS)["breaker"] == {**usual, "failures": 0.25, "pause_s": 120}
    limits.get_by_label("Running at a time").fill("3")
    hold_back.uncheck()
    limits.get_by_test_id("set-limits").click()
    expect(now).to_have_text("Now: at most 3 running")
    assert stack.api.call("GET", LIMITS)["breaker"] is None

    limits.get_by_test_id("remove-limits").click()
    question(page).get_by_test_id("question-yes").click()
    expect(now).to_contain_text("No limits")
    expect(limits.get_by_label("Running at a time")).to_have_value("")

    page.get_by_test_id("submit-it").click()
    expect(page.get_by_role("heading", name="send_email", exact=True)).to_be_visible()
    page.goto(f"{stack.dashboard}audit?action=limit")
    entry = page.get_by_test_id("audit-entry").filter(has_text="the relay is slow").first
    entry.get_by_role("link", name="send_email").click()
    expect_address(page, "/types/send_email")


def test_what_was_typed_stays_when_somebody_else_sets_limits(visits: Visits, stack: Stack) -> None:
    page = visits.open(f"{stack.dashboard}types/send_email")
    limits = page.get_by_test_id("limits")
    running, starts = limits.get_by_label("Running at a time"), limits.get_by_label("Starts")
    stack.api.call("PUT", LIMITS, {"concurrency": 4})
    expect(running).to_have_value("4")  # nothing was typed
    running.fill("7")

    stack.api.call("PUT", LIMITS, {"concurrency": 5, "rate": 10, "per": 60})

    news = page.get_by_test_id("changed-meanwhile")
    expect(news).to_contain_text("Running at a time: 4 → 5; you changed it too, yours stays: 7")
    expect(running).to_have_value("7")
    expect(limits.get_by_test_id("set-limits")).to_be_disabled()
    news.get_by_test_id("take-over").click()
    expect(starts).to_have_value("10")
    seen = stack.api.call("GET", LIMITS)["updated_at"]
    with page.expect_request(f"**{LIMITS}") as sent:
        limits.get_by_test_id("set-limits").click()
    assert f'"if_updated_at":"{seen}"' in (sent.value.post_data or "")
    expect(limits.get_by_test_id("limits-now")).to_have_text(
        "Now: at most 7 running, at most 10 starts per minute"
    )
    expect(limits.get_by_test_id("set-limits")).to_be_enabled()
    expect(news).to_have_count(0)
    stack.api.call("DELETE", LIMITS)


def test_a_type_that_is_held_back_says_so(visits: Visits, stack: Stack) -> None:
    stack.api.call("PUT", OF_FAILING, {"breaker": {"of": 1, "pause_s": 600}})
    try:
        failed = stack.api.submit("fail_at_once", {"message": "the relay is down"})
        stack.api.wait_for_status(failed, "FAILURE")
        held = stack.api.submit("fail_at_once", {"message": "the relay is down"})
        page = visits.open(f"{stack.dashboard}types")
        row = page.get_by_test_id("type-fail_at_once")
        expect(row).to_contain_text("Held back")
        row.get_by_role("link", name="fail_at_once", exact=True).click()
        expect(page.get_by_test_id("held-back")).to_contain_text("The breaker is open")
        state = page.get_by_test_id("breakers")
        expect(state).to_contain_text("Breaker open: 1 of the last 1 attempt failed. The first may")
    finally:
        stack.api.call("DELETE", OF_FAILING)
    stack.api.wait_for_status(held, "FAILURE")
    expect(page.get_by_test_id("held-back")).to_have_count(0)


def test_a_type_without_an_example_shows_what_its_payload_has_to_be(
    visits: Visits, stack: Stack
) -> None:
    page = visits.open(f"{stack.dashboard}types/add")
    payload = page.get_by_test_id("payload")
    expect(payload).to_contain_text('"required"')
    expect(payload).to_have_accessible_name("Payload, as JSON Schema")

    page = visits.open(f"{stack.dashboard}types/send_email")
    expect(page.get_by_test_id("payload")).to_contain_text('"to": "user@example.com"')
    page = visits.open(f"{stack.dashboard}types/average_of_nothing")
    expect(page.get_by_test_id("payload")).to_have_text("{}")
