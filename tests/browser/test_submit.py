"""A task is submitted from the page, and the page shows its outcome."""

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Visits
from tests.browser.page_checks import expect_live, expect_state, panel, row, submit_with
from tests.browser.service import Stack
from tests.browser.wire import Wire


def test_send_email_is_filled_in_submitted_and_seen_to_succeed(dashboard: Page) -> None:
    dashboard.get_by_role("link", name="Submit", exact=True).click()
    dashboard.get_by_test_id("choose-send_email").click()
    form = dashboard.get_by_test_id("submit-form-send_email")
    form.get_by_label("To", exact=True).fill("grace@example.com")
    form.get_by_label("Subject").fill("The compiler is ready")
    form.get_by_label("Body").fill("Dear Grace,\nit compiles.")

    task_id = submit_with(dashboard, form.get_by_test_id("submit-button"))

    expect_state(row(dashboard, task_id), "Success")
    expect(row(dashboard, task_id)).to_contain_text("grace@example.com")


@pytest.mark.parametrize("task_type", ["process_payment", "generate_report", "data_pipeline"])
def test_one_click_sends_the_example_and_its_success_appears(
    dashboard: Page, task_type: str
) -> None:
    task_id = submit_with(dashboard, dashboard.get_by_test_id(f"quick-{task_type}"))

    expect_state(row(dashboard, task_id), "Success")


def test_the_toast_opens_the_task_that_was_sent(dashboard: Page) -> None:
    task_id = submit_with(dashboard, dashboard.get_by_test_id("quick-send_email"))

    dashboard.get_by_test_id("toast").get_by_role("link", name="View task").click()

    expect(panel(dashboard)).to_contain_text(task_id)
    expect_state(panel(dashboard), "Success")


def test_a_refused_field_says_what_is_wrong_with_it(visits: Visits, stack: Stack) -> None:
    visits.allow("status of 422")
    page = visits.open(f"{stack.dashboard}submit")
    page.get_by_test_id("choose-send_email").click()
    form = page.get_by_test_id("submit-form-send_email")
    address = form.get_by_label("To", exact=True)
    address.fill("not an address")

    form.get_by_test_id("submit-button").click()

    expect(page.get_by_test_id("error-/payload/to")).to_contain_text("email address")
    expect(address).to_have_attribute("aria-invalid", "true")
    expect(address).to_be_focused()


def test_a_required_text_that_is_empty_is_asked_about_once(visits: Visits, stack: Stack) -> None:
    page = visits.open(f"{stack.dashboard}submit")
    page.get_by_test_id("choose-tell").click()
    form = page.get_by_test_id("submit-form-tell")
    text = form.get_by_label("Text", exact=True)
    text.fill("")

    form.get_by_test_id("submit-button").click()
    expect(page.get_by_test_id("error-/payload/text")).to_contain_text("This is empty.")
    expect(text).to_be_focused()

    task_id = submit_with(page, form.get_by_test_id("submit-button"))
    assert stack.api.call("GET", f"/api/tasks/{task_id}")["payload"]["text"] == ""


def test_the_queue_of_the_form_is_where_the_task_goes(visits: Visits, stack: Stack) -> None:
    page = visits.open(f"{stack.dashboard}submit")
    page.get_by_test_id("choose-send_email").click()
    form = page.get_by_test_id("submit-form-send_email")
    form.get_by_test_id("queue-select").select_option("low")

    task_id = submit_with(page, form.get_by_test_id("submit-button"))

    expect(row(page, task_id).locator(".c-queue")).to_have_text("low")


def test_a_big_whole_number_keeps_every_digit(visits: Visits, stack: Stack) -> None:
    page = visits.open(f"{stack.dashboard}submit")
    page.get_by_test_id("choose-echo").click()
    form = page.get_by_test_id("submit-form-echo")
    form.get_by_label("Value").fill("12345678901234567890123")

    task_id = submit_with(page, form.get_by_test_id("submit-button"))
    page.goto(f"{stack.dashboard}tasks/{task_id}")

    expect(panel(page).get_by_label("Result", exact=True)).to_have_text("12345678901234567890123")


def test_a_draft_survives_a_look_at_another_page(visits: Visits, stack: Stack) -> None:
    page = visits.open(f"{stack.dashboard}submit")
    page.get_by_test_id("choose-send_email").click()
    subject = page.get_by_test_id("submit-form-send_email").get_by_label("Subject")
    subject.fill("half written")

    page.get_by_role("link", name="Tasks", exact=True).click()
    page.get_by_role("link", name="Submit", exact=True).click()

    expect(subject).to_have_value("half written")


def _with_other_code(route: Route) -> None:
    """Answer as a service would in which a parameter has another name."""
    asked = {name: text for name, text in route.request.headers.items() if name != "if-none-match"}
    answer = route.fetch(headers=asked)
    route.fulfill(response=answer, body=answer.text().replace('"note"', '"remark"'))


def test_a_form_is_made_anew_when_the_service_comes_back_with_other_code(
    visits: Visits, stack: Stack
) -> None:
    wire = Wire()
    page = visits.open(f"{stack.dashboard}submit?type=add", prepare=wire.tap)
    form = page.get_by_test_id("submit-form-add")
    expect(form.get_by_label("Note")).to_be_visible()
    expect_live(page)
    wire.wait_for_frames(page, 1)

    page.route("**/api/task-types", _with_other_code)
    wire.epoch = "another process"

    expect(form.get_by_label("Remark")).to_be_visible()
    expect(form.get_by_label("Note")).to_have_count(0)
