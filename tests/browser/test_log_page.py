"""The live log: what tasks log, as it comes."""

from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Visits
from tests.browser.page_checks import expect_address, panel
from tests.browser.service import Stack


def _tell(stack: Stack, text: str, **payload: str) -> str:
    task_id = stack.api.submit("tell", {"text": text, **payload})
    stack.api.wait_for_status(task_id, "SUCCESS")
    return task_id


def _lines(page: Page) -> Locator:
    return page.get_by_test_id("log-lines").get_by_role("listitem")


def test_a_line_appears_and_leads_to_its_task(visits: Visits, stack: Stack) -> None:
    _tell(stack, "already there")
    page = visits.open(f"{stack.dashboard}log")
    expect(_lines(page).filter(has_text="already there")).to_be_visible()

    task_id = _tell(stack, "fresh from the worker")

    line = _lines(page).filter(has_text="fresh from the worker")
    expect(line).to_be_visible()
    line.get_by_role("link", name="tell").click()
    expect(panel(page)).to_contain_text(task_id)


def test_the_log_holds_still_until_it_follows_again(visits: Visits, stack: Stack) -> None:
    _tell(stack, "before")
    page = visits.open(f"{stack.dashboard}log?type=tell")  # others may log while it is held
    expect(_lines(page).filter(has_text="before").first).to_be_visible()

    page.get_by_test_id("log-hold").click()
    _tell(stack, "meanwhile")
    expect(page.get_by_test_id("log-mode")).to_contain_text("1 new line")
    expect(_lines(page).filter(has_text="meanwhile")).to_have_count(0)
    page.get_by_test_id("log-hold").click()

    expect(page.get_by_test_id("log-mode")).to_have_text("Live")
    expect(_lines(page).filter(has_text="meanwhile")).to_be_visible()


def test_scrolling_up_holds_the_log(visits: Visits, stack: Stack) -> None:
    _tell(stack, "\n".join(f"line {n} of a long story" for n in range(80)))
    page = visits.open(f"{stack.dashboard}log")
    expect(_lines(page).filter(has_text="line 79 of").last).to_be_in_viewport()

    page.get_by_test_id("log-lines").focus()
    page.keyboard.press("Home")

    expect(page.get_by_test_id("log-mode")).to_contain_text("Paused")
    expect(_lines(page).first).to_be_in_viewport()
    page.get_by_test_id("log-hold").click()
    expect(page.get_by_test_id("log-mode")).to_have_text("Live")
    expect(_lines(page).filter(has_text="line 79 of").last).to_be_in_viewport()


def test_the_first_step_of_a_smooth_scroll_holds_the_log(visits: Visits, stack: Stack) -> None:
    """A drawing in those frames followed the end again, and so took the scroll back."""
    _tell(stack, "\n".join(f"line {n} of a long story" for n in range(80)))
    page = visits.open(f"{stack.dashboard}log")
    expect(_lines(page).filter(has_text="line 79 of").last).to_be_in_viewport()

    page.get_by_test_id("log-lines").evaluate("list => list.scrollBy(0, -4)")
    expect(page.get_by_test_id("log-mode")).to_contain_text("Paused")
    page.get_by_test_id("log-lines").evaluate("list => list.scrollBy(0, 2)")
    expect(page.get_by_test_id("log-mode")).to_have_text("Live")


def test_filters_are_in_the_address(visits: Visits, stack: Stack) -> None:
    _tell(stack, "all is well")
    _tell(stack, "something smells", level="WARNING")
    page = visits.open(f"{stack.dashboard}log")

    page.get_by_test_id("log-level").select_option("warning")
    expect_address(page, "/log?level=warning")
    page.get_by_test_id("log-type").select_option("tell")
    expect_address(page, "/log?level=warning&type=tell")
    expect(_lines(page).filter(has_text="something smells").first).to_be_visible()
    expect(_lines(page).filter(has_text="all is well")).to_have_count(0)
    page.go_back()
    expect(page.get_by_test_id("log-type")).to_have_value("")


def test_a_filter_without_lines_says_so(visits: Visits, stack: Stack) -> None:
    page = visits.open(f"{stack.dashboard}log?type=no_such_type")

    expect(page.get_by_text("No matching lines")).to_be_visible()
    expect(page.get_by_test_id("log-type")).to_have_value("no_such_type")


def test_hostile_lines_stay_text(visits: Visits, stack: Stack) -> None:
    _tell(stack, "<h6 id=planted>x</h6> \u202egpj")
    page = visits.open(f"{stack.dashboard}log")

    expect(_lines(page).filter(has_text="<h6 id=planted>")).to_contain_text(r"\u202egpj")
    expect(page.locator("#planted")).to_have_count(0)
