"""`/docs` in a real browser: it renders under its policy, and asks no other host."""

import os
from urllib.parse import urlsplit

from playwright.sync_api import sync_playwright

from tests.web.conftest import Server

CHROMIUM = os.environ.get("CHROMIUM_PATH", "/usr/bin/chromium")


def test_it_is_dark_where_the_system_is_and_leads_back(server: Server) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(color_scheme="dark")
        page.goto(f"http://{server.address}/docs")
        page.wait_for_selector(".opblock-summary-path")
        background = "getComputedStyle(document.documentElement).backgroundColor"
        dark = page.evaluate(background)
        page.evaluate("localStorage.setItem('duckline-theme', 'light')")
        page.reload()
        page.wait_for_selector(".opblock-summary-path")
        light = page.evaluate(background)
        page.get_by_role("link", name="Back to Duckline").click()
        page.wait_for_url(f"http://{server.address}/**")
        path = urlsplit(page.url).path
        browser.close()

    assert dark == "rgb(28, 32, 34)"
    assert light != dark
    assert path in ("/", "/overview")


def test_swagger_ui_shows_every_operation_without_another_host(server: Server) -> None:
    hosts: set[str] = set()
    complaints: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 1400})
        page.on("request", lambda request: hosts.add(urlsplit(request.url).netloc))
        page.on("console", lambda message: complaints.append(message.text))
        page.goto(f"http://{server.address}/docs")
        page.wait_for_selector(".opblock-summary-path")

        paths = page.locator(".opblock-summary-path").all_inner_texts()
        page.locator("#operations-tasks-submit_task .opblock-summary").click()
        page.wait_for_selector("#operations-tasks-submit_task .execute")
        if folder := os.environ.get("SCREENSHOT_DIR"):
            page.screenshot(path=f"{folder}/docs.png", full_page=True)
        page.locator("#operations-tasks-submit_task .examples-select-element").first.select_option(
            "send_email"
        )
        page.locator("#operations-tasks-submit_task .execute").click()
        page.wait_for_selector("#operations-tasks-submit_task .live-responses-table")
        status = page.locator(".live-responses-table .response-col_status").nth(1).inner_text()
        browser.close()

    assert {path.replace("\u200b", "") for path in paths} >= {"/api/tasks/submit", "/ws/stats"}
    assert status.split()[0] == "202"
    assert hosts - {""} == {server.address}
    assert complaints == []
