"""Take the pictures in docs/screenshots: `make screenshots`.

Starts the real stack, gives it a mix of work for two minutes while the pages are open, so that
their charts have something to show, and photographs each page. Owns the mix and the list of
pictures; the stack and the browser come from the modules beside this one.
"""

import random
import re
import shutil
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser, Page

from tests.browser.chromium import started_chromium
from tests.browser.service import Api, Stack
from tests.waiting import wait_until

FOLDER = Path(__file__).parents[2] / "docs" / "screenshots"
SAMPLE_TASKS = Path(__file__).with_name("sample_tasks")
WATCH_S = 150
DESKTOP = {"width": 1440, "height": 1080}
PHONE = {"width": 390, "height": 844}
PEOPLE = ["ada", "grace", "linus", "barbara", "ken", "margaret"]
SUBJECTS = ["Your invoice", "Welcome aboard!", "Your order has shipped", "Password changed"]


def send_mixed_work(api: Api, stop: threading.Event) -> None:
    """Submit what a small shop would, with a rush now and then, until the caller stops it."""
    dice = random.Random(7)
    beat = 0
    while not stop.wait(0.6):
        beat += 1
        rush = 3 if beat % 40 in range(24, 31) else 1
        for _ in range(rush):
            send_one(api, dice)
        if beat % 18 == 1:
            api.submit(
                "generate_report",
                {
                    "report_type": dice.choice(["monthly_summary", "usage"]),
                    "user_id": f"usr_{12345 + dice.randint(0, 90)}",
                    "date_range": "last_30_days",
                },
            )
        if beat % 30 == 5:
            records = dice.randint(2, 90) * 1000
            pipeline = {"source": "s3://bucket/input", "destination": "s3://bucket/output"}
            api.submit("data_pipeline", {**pipeline, "record_count": records})


def send_one(api: Api, dice: random.Random) -> None:
    """Submit one short task."""
    who = dice.choice(PEOPLE)
    kind = dice.random()
    if kind < 0.45:
        mail = {"to": f"{who}@example.com", "subject": dice.choice(SUBJECTS), "body": "Hello!"}
        api.submit("send_email", mail)
    elif kind < 0.65:
        amount = dice.randint(500, 25_000) / 100
        api.submit("process_payment", {"user_id": who, "amount": amount, "currency": "USD"})
    elif kind < 0.9:
        name = "missing" if dice.random() < 0.12 else f"{dice.randint(100, 999)}"
        url = f"https://img.example.com/{who}/{name}.jpg"
        api.submit("resize_image", {"url": url, "width": dice.choice([320, 640, 1280])})


def make_schedules(api: Api) -> None:
    """Create what a small shop has to do again and again."""
    report = {"user_id": "usr_12345", "date_range": "last_30_days"}
    pipeline = {"source": "s3://bucket/input", "destination": "s3://bucket/output"}
    mail = {"to": "user@example.com", "subject": "Good morning", "body": "Today's orders."}
    image = {"url": "https://img.example.com/shop/banner.jpg", "width": 1280}
    for name, task_type, payload, rule in (
        ("banner-refresh", "resize_image", image, {"every_s": 20}),
        ("good-morning", "send_email", mail, {"cron": "0 8 * * 1-5", "timezone": "Europe/Berlin"}),
        ("orders-import", "data_pipeline", {**pipeline, "record_count": 20_000},
         {"every_s": 45, "overlap": False}),
        ("monthly-summary", "generate_report", {**report, "report_type": "monthly_summary"},
         {"cron": "* * * * *", "tags": ["finance"]}),
        ("usage-report", "generate_report", {**report, "report_type": "usage"},
         {"cron": "0 3 1 * *", "paused": True}),
    ):  # fmt: skip
        body = {"name": name, "task_type": task_type, "payload": payload, **rule}
        api.call("POST", "/api/schedules", body)


def open_page(browser: Browser, url: str, *, theme: str = "light", phone: bool = False) -> Page:
    """Open a page of its own window."""
    context = browser.new_context(
        viewport=PHONE if phone else DESKTOP,  # pyright: ignore[reportArgumentType]
        device_scale_factor=2 if phone else 1,
        color_scheme="dark" if theme == "dark" else "light",
        locale="en-GB",
        reduced_motion="reduce",  # a picture in the middle of an animation looks like a mistake
    )
    page = context.new_page()
    page.goto(url)
    page.get_by_test_id("live-badge").get_by_text("Live").wait_for()
    return page


def take(page: Page, name: str, *, height: int | None = None) -> None:
    """Write one picture; `height` in CSS pixels changes the window first."""
    if height is not None and page.viewport_size is not None:
        page.set_viewport_size({"width": page.viewport_size["width"], "height": height})
    path = FOLDER / f"{name}.png"
    page.screenshot(path=path)
    print(f"{path.relative_to(FOLDER.parents[1])}  {path.stat().st_size / 1000:.0f} kB")


def open_running_report(page: Page, api: Api) -> None:
    """Open the panel of a report that is half done, over the list of tasks."""
    task_id = wait_until(
        lambda: half_done_report(api), description="a report is half done", timeout_s=60
    )
    page.goto(f"{api.url}tasks")
    page.get_by_test_id("find").wait_for()
    page.goto(f"{api.url}tasks/{task_id}")
    page.get_by_test_id("task-panel").get_by_role("list", name="Log").wait_for()


def half_done_report(api: Api) -> str | None:
    """Find a report whose progress is at a half."""
    tasks = api.call("GET", "/api/tasks?state=STARTED&queue=low")["tasks"]
    reports = (task for task in tasks if task["task_type"] == "generate_report")
    half = (task for task in reports if task["progress"] and task["progress"]["fraction"] == 0.5)
    return next((task["task_id"] for task in half), None)


def photograph(browser: Browser, stack: Stack, watch: Callable[[Page], None]) -> None:
    """Open everything, let time pass, take every picture."""
    light = open_page(browser, stack.dashboard)
    dark = open_page(browser, stack.dashboard, theme="dark")
    phone = open_page(browser, stack.dashboard, phone=True)
    inspector = open_page(browser, stack.inspector)
    watch(light)
    for _ in range(14):  # so that something waits
        send_one(stack.api, random.Random())
    light.get_by_test_id("queue-high").locator(
        '[data-count="queued"]', has_text=re.compile("^0")
    ).wait_for(state="detached")
    take(light, "dashboard")
    take(dark, "dashboard-dark")
    take(phone, "dashboard-phone")
    take(inspector, "inspector", height=640)
    open_running_report(light, stack.api)
    take(light, "task", height=960)
    light.goto(f"{stack.dashboard}failures")
    light.get_by_test_id("group-open").first.click()
    light.get_by_test_id("group-sample").wait_for()
    take(light, "failures", height=900)
    light.goto(f"{stack.dashboard}queues")
    light.get_by_test_id("queue-high").get_by_role("row", name="Wait").wait_for()
    take(light, "queues", height=900)
    light.goto(f"{stack.dashboard}schedules")
    light.get_by_test_id("schedule-banner-refresh").get_by_test_id("last-run").wait_for()
    take(light, "schedules", height=640)
    light.goto(f"{stack.dashboard}submit")
    light.get_by_test_id("choose-send_email").click()
    light.get_by_role("heading", name="send_email").wait_for()
    take(light, "submit", height=900)


def main() -> int:
    """Take all pictures."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        # A traceback in a picture shows the path of a task: not that of this checkout.
        tasks = shutil.copytree(SAMPLE_TASKS, Path(folder) / "my_tasks")
        stack = Stack(Path(folder), DEMO_SPEED="1", DEMO_FAILURE_RATE="", TASKS_PATH=str(tasks))
        stop = threading.Event()
        sender = threading.Thread(target=send_mixed_work, args=(stack.api, stop))
        try:
            stack.wait_until_ready()
            make_schedules(stack.api)
            sender.start()
            with started_chromium() as browser:
                photograph(browser, stack, lambda page: page.wait_for_timeout(WATCH_S * 1000))
        finally:
            stop.set()
            if sender.ident is not None:
                sender.join()
            stack.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
