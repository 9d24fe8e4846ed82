"""Coordinates from a service that allows five calls a second, for all workers together."""

from huey_tasks import low, task


def ask(address: str) -> tuple[float, float]:
    """Ask the service; here it is a calculation."""
    return float(len(address) % 90), float(sum(map(ord, address)) % 180)


@task(queue="low", retries=2)
def locate(address: str) -> tuple[float, float]:
    """Return latitude and longitude; beyond the limit the task waits, which burns no attempt."""
    with low.rate_limit("geocoding", 5, per=1):
        return ask(address)
