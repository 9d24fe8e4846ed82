"""One Chromium and one stack for all browser tests, and pages that report what went wrong in them.

Both live as long as this package: Playwright's loop must be gone before other tests start theirs.
Tests are kept apart by their own tasks and browser contexts, not by a stack each.
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Dialog,
    Error,
    Page,
    Request,
    WebSocket,
    expect,
)

from tests.browser.chromium import started_chromium
from tests.browser.service import Stack

# A limit for what never comes, not a measure: on a busy machine a page may take long.
expect.set_options(timeout=30_000)

DESKTOP = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}

# Runs before the page's own scripts; console.error also reaches the list through the console.
_REPORT_VIOLATIONS = """
addEventListener('securitypolicyviolation',
  (event) => console.error(`CSP ${event.violatedDirective}: ${event.blockedURI}`));
"""


class Visits:
    """Opens pages, and keeps everything that is wrong with them."""

    def __init__(self, browser: Browser, tab: Page) -> None:
        self._browser = browser
        self._tab = tab
        self._fresh: list[BrowserContext] = []
        self._watched: list[tuple[Page, Any, Callable[[Any], None]]] = []
        self._allowed: list[str] = []
        self.trouble: list[str] = []
        self.hosts: set[str] = set()

    def open(self, url: str, **options: Any) -> Page:
        """Load `url`; `options` of a context, or `fresh`, make it a browser that has seen nothing.

        Otherwise it is the one tab of all tests: its warm cache halves the time a page takes.
        `prepare` is called with a fresh page before it loads anything.
        """
        prepare: Callable[[Page], None] | None = options.pop("prepare", None)
        if options.pop("fresh", False) or options or prepare:
            self._fresh.append(new_profile(self._browser, **options))
            page = self._fresh[-1].new_page()
            if prepare:
                prepare(page)
        else:
            page = self._tab
            page.mouse.move(0, 0)
            page.goto("about:blank")  # what the last test left open still asks for its task
        self._watch(page)
        loaded = page.url.partition("#")[0]
        page.goto(url)
        if page.url.partition("#")[0] == loaded:  # only the fragment was new: no load
            page.reload()
        return page

    def allow(self, pattern: str) -> None:
        """Expect console errors that match; a refused request is one, however well it is shown."""
        self._allowed.append(pattern)

    def unexpected(self) -> list[str]:
        """What was wrong and not allowed."""
        return [
            text
            for text in self.trouble
            if not any(re.search(pattern, text) for pattern in self._allowed)
        ]

    def close(self) -> None:
        for page, event, note in self._watched:
            page.remove_listener(event, note)
        for context in self._fresh:
            context.close()

    def _watch(self, page: Page) -> None:
        for event, note in (
            ("console", self._note_console),
            ("pageerror", self._note_error),
            ("dialog", self._note_dialog),
            ("request", self._note_host),
            ("websocket", self._note_host),
        ):
            page.on(event, note)  # pyright: ignore[reportArgumentType, reportCallIssue]
            self._watched.append((page, event, note))

    def _note_console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.trouble.append(f"{message.type}: {message.text}")

    def _note_error(self, error: Error) -> None:
        self.trouble.append(f"uncaught: {error}")

    def _note_dialog(self, dialog: Dialog) -> None:
        self.trouble.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def _note_host(self, asked: Request | WebSocket) -> None:
        url = urlsplit(asked.url)
        if url.scheme not in ("data", "blob"):
            self.hosts.add(url.hostname or "")


def new_profile(browser: Browser, **options: Any) -> BrowserContext:
    """Make a browser context with cookies, storage and cache of its own."""
    settings: dict[str, Any] = {"viewport": DESKTOP, "reduced_motion": "reduce", **options}
    context = browser.new_context(**settings)
    context.set_default_timeout(60_000)
    context.add_init_script(_REPORT_VIOLATIONS)
    return context


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with started_chromium() as running:
        yield running


@pytest.fixture(scope="package")
def tab(browser: Browser) -> Page:
    return new_profile(browser).new_page()


@pytest.fixture(scope="package")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """`app.py up`, its demo tasks ten times faster and never failing."""
    running = Stack(
        tmp_path_factory.mktemp("stack"),
        DEMO_SPEED="10",
        DEMO_FAILURE_RATE="0",
        CANCEL_GRACE_S="1",
        WEBHOOK_ALLOWED_HOSTS="127.0.0.1",
        WEBHOOK_TIMEOUT_S="",  # receivers are in this process, which may stand still for a while
    )
    try:
        running.wait_until_ready()
        yield running
    finally:
        running.stop()


@pytest.fixture
def visits(browser: Browser, tab: Page) -> Iterator[Visits]:
    """Open pages; the test fails when one of them has had an error or asked another host."""
    opened = Visits(browser, tab)
    yield opened
    opened.close()
    assert opened.unexpected() == []
    assert opened.hosts <= {"127.0.0.1"}


@pytest.fixture
def dashboard(visits: Visits, stack: Stack) -> Page:
    """The dashboard, freshly opened."""
    return visits.open(stack.dashboard)


@pytest.fixture
def inspector(visits: Visits, stack: Stack) -> Page:
    """The inspector, freshly opened."""
    return visits.open(stack.inspector)


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Path]:
    """A file that tasks of type `hold` wait for; made at the end at the latest."""
    file = tmp_path / "gate"
    yield file
    file.touch()


@pytest.fixture
def held_low(stack: Stack) -> Iterator[None]:
    """Keep the `low` queue empty and paused for the test; empty it and resume it afterwards."""
    stack.api.wait_until_idle("low")
    stack.api.call("POST", "/api/queues/low/pause")
    yield
    stack.api.call("POST", "/api/queues/low/purge")
    stack.api.call("POST", "/api/queues/low/resume")
