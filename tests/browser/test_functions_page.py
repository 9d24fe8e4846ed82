"""A function, from its first file to its answer, its mistake and the next version, on one stack."""

import re

from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import PHONE, Visits
from tests.browser.page_checks import (
    expect_address,
    hold_first,
    let_go,
    wait_for_drawing,
    wait_until_held,
)
from tests.browser.service import Stack

_GREET = """\
def handler(event, context):
    print("greeting", event["name"])
    return {"greeting": "hello " + event["name"]}
"""


def _invoke(page: Page, event: str) -> None:
    page.get_by_test_id("event-text").fill(event)
    page.get_by_test_id("invoke-button").click()


def test_a_dropped_file_is_a_function_until_it_breaks_and_again_when_it_is_mended(
    visits: Visits, stack: Stack
) -> None:
    page = visits.open(f"{stack.dashboard}functions")
    expect(page.get_by_test_id("first-function")).to_contain_text(str(stack.functions / "hello.py"))

    stack.functions.mkdir(exist_ok=True)
    nothing = stack.functions / "hello.py"
    nothing.write_text("def greet(): ...\n")
    expect(page.get_by_test_id("ignored").locator("li")).to_contain_text("it has no handler")
    proposed = str(stack.functions / "hello2.py")
    expect(page.get_by_test_id("first-function")).to_contain_text(proposed)
    nothing.unlink()

    file = stack.functions / "greet.py"
    file.write_text(_GREET)
    row = page.get_by_test_id("function-greet")
    expect(row).to_contain_text("active")
    row.get_by_role("link", name="greet", exact=True).click()
    expect_address(page, "/functions/greet")
    page.get_by_role("link", name="Invoke").click()

    _invoke(page, "{")
    expect(page.get_by_test_id("event-fault")).to_contain_text("Not valid JSON")
    _invoke(page, '{"name": "ada"}')
    answer = page.get_by_test_id("answer")
    expect(answer).to_have_attribute("data-status", "SUCCESS")
    expect(answer).to_contain_text("hello ada")
    expect(answer.get_by_label("Log")).to_contain_text("greeting ada")
    expect(answer.get_by_test_id("receipt")).to_contain_text("cold")

    page.get_by_test_id("event-name").fill("to ada")
    page.get_by_test_id("save-event").click()
    page.get_by_test_id("event-choice").select_option("template:sqs")
    expect(page.get_by_test_id("event-text")).to_have_value(re.compile("aws:sqs"))
    page.get_by_test_id("event-choice").select_option("saved:to ada")
    expect(page.get_by_test_id("event-text")).to_have_value('{\n  "name": "ada"\n}')

    tabs = page.get_by_role("group", name="About this function")
    tabs.get_by_role("link", name="Overview").click()
    expect(page.get_by_label("Call it from a shell")).to_contain_text('"name": "ada"')
    page.get_by_role("link", name="Invoke").click()

    file.write_text(_GREET + "\nLIMIT = 1 / 0\n")
    page.get_by_test_id("invoke-button").click()
    expect(answer).to_have_attribute("data-status", "FAILURE")
    error = page.get_by_test_id("function-error")
    expect(error).to_contain_text("greet cannot run")  # by its settings or packages neither
    expect(error).to_contain_text("ZeroDivisionError: division by zero")
    error.get_by_role("link", name="greet.py:5").click()
    expect(page.get_by_test_id("source").locator('[data-line="bad"]')).to_have_text("LIMIT = 1 / 0")

    file.write_text("import nothing_like_this\n" + _GREET)
    page.get_by_role("link", name="Invoke").click()
    page.get_by_test_id("invoke-button").click()
    expect(error).to_contain_text("No module named 'nothing_like_this'")
    expect(error).to_contain_text("To have a package installed, give the function a folder")

    file.write_text(_GREET.replace("hello", "good day"))
    expect(error).to_have_count(0)
    page.get_by_test_id("invoke-button").click()
    expect(answer).to_contain_text("good day ada")
    page.get_by_role("link", name="Open the run").click()
    panel = page.get_by_test_id("task-panel")
    expect(panel).to_contain_text("synchronous")
    expect(panel.get_by_test_id("receipt")).to_contain_text("Memory used")
    page.keyboard.press("Escape")
    expect_address(page, "/functions/greet?tab=invoke")

    page.get_by_role("link", name="Overview").last.click()
    expect(page.get_by_test_id("tab-overview")).to_contain_text(re.compile(r"Cold starts\s*4 of 4"))
    page.get_by_role("link", name="All functions").click()
    expect(row.get_by_test_id("cold-starts")).to_contain_text("4 cold starts, p50")

    phone = visits.open(f"{stack.dashboard}functions/greet?tab=runs", viewport=PHONE)
    expect(phone.get_by_test_id("task-row").first).to_be_visible()
    assert phone.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    visits.allow("404")  # the page asks for what is gone
    file.unlink()
    expect(phone.get_by_text("No function “greet”")).to_be_visible()


def _to_function(page: Page, name: str) -> None:
    page.get_by_role("link", name="All functions").click()
    page.get_by_test_id(f"function-{name}").get_by_role("link", name=name, exact=True).click()
    page.get_by_role("link", name="Invoke").click()
    expect_address(page, f"/functions/{name}?tab=invoke")


def test_a_late_answer_of_one_function_leaves_that_of_another(visits: Visits, stack: Stack) -> None:
    stack.functions.mkdir(exist_ok=True)
    files = [stack.functions / f"{name}.py" for name in ("first", "second")]
    for file in files:
        file.write_text(f"def handler(event, context):\n    return '{file.stem} says so'\n")
    page = visits.open(f"{stack.dashboard}functions/first?tab=invoke")
    button, answer = page.get_by_test_id("invoke-button"), page.get_by_test_id("answer")
    late: list[Route] = []
    hold_first(page, "**/api/functions/first/invoke?*", late)
    button.click()
    wait_until_held(page, late)
    expect(button).to_be_disabled()
    page.get_by_test_id("event-choice").select_option("template:sqs")
    expect(page.get_by_test_id("event-text")).to_have_value(re.compile("aws:sqs"))
    expect(button).to_be_disabled()

    _to_function(page, "second")
    button.click()
    expect(answer).to_contain_text("second says so")
    with page.expect_response("**/api/functions/first/invoke?*"):
        let_go(page, late)
    wait_for_drawing(page)
    expect(answer).to_contain_text("second says so")
    _to_function(page, "first")
    expect(answer).to_contain_text("first says so")

    for file in files:
        file.unlink()
    page.get_by_role("link", name="All functions").click()
    expect(page.get_by_test_id("first-function")).to_be_visible()
