"""Exchange rates from a service that often fails."""

import urllib.request
from collections.abc import Callable

from huey_tasks import task


def ask(currency: str) -> float:
    """Ask the service."""
    with urllib.request.urlopen(f"https://rates.example.com/{currency}", timeout=10) as answer:
        return float(answer.read())


#: A test puts another function here.
service: Callable[[str], float] = ask


@task(retries=8, retry_delay=1, retry_backoff=2, retry_jitter=0.1, max_retry_delay=60)
def fetch_rate(currency: str) -> float:
    """Return the rate; the waits are 1, 2, 4 … and at most 60 s, ten per cent more or less."""
    return service(currency)
