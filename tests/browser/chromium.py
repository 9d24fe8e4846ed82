"""A headless Chromium for the tests and the screenshots.

Owns which binary it is and how it is started; what is looked at with it is decided elsewhere.
"""

import os
import shutil
from collections.abc import Generator
from contextlib import contextmanager

from playwright.sync_api import Browser, Playwright, sync_playwright

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_ARGUMENTS = [
    "--headless",
    "--disable-gpu",
    # Nothing but the page itself may speak to the network.
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@contextmanager
def started_chromium() -> Generator[Browser]:
    """Give a running Chromium: CHROMIUM_PATH, else one on PATH, else Playwright's own."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=_executable(playwright),
            args=_ARGUMENTS,
            chromium_sandbox=os.getuid() != 0,  # Chromium refuses to run sandboxed as root
        )
        try:
            yield browser
        finally:
            browser.close()


def _executable(playwright: Playwright) -> str:
    named = os.environ.get("CHROMIUM_PATH")
    on_path = (shutil.which(name) for name in _NAMES)
    return named or next(filter(None, on_path), playwright.chromium.executable_path)
