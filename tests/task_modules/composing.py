"""Task types that follow one another, in queues of their own."""

from typing import Any

from huey_tasks import FailedMember, chord, current_task, task


@task(queue="high")
def pick(item: str, price: float = 1.5) -> dict[str, Any]:
    """Return an object, whose keys are not those of the next task."""
    return {"item": item, "price": price}


@task(queue="low")
def pack(order: dict[str, Any], wrapping: str = "paper") -> list[str]:
    """Take that object whole."""
    return [order["item"], wrapping]


@task(queue="default")
def ship(parcel: list[str], to: str) -> str:
    """Take a list whole."""
    return f"{' in '.join(parcel)} to {to}"


@task(queue="low")
def price_tag(item: str, price: float) -> str:
    """Take the fields of an object."""
    return f"{item}: {price}"


@task(queue="low")
def count_lots(lots: list[Any]) -> dict[str, Any]:
    """Be the callback of a chord."""
    return {
        "good": [lot for lot in lots if not isinstance(lot, FailedMember)],
        "errors": [lot.error for lot in lots if isinstance(lot, FailedMember)],
    }


@task(queue="high")
def break_up(item: str) -> str:
    """Fail."""
    raise ValueError(f"{item} is broken")


@task(queue="low")
def complain(about: str) -> str:
    """Take the error of another task."""
    return f"{current_task.queue}: {about}"


@task(queue="low")
def say_done(text: str = "all done") -> str:
    """Have only a parameter with a default."""
    return text


@task(queue="low", retries=3, retry_delay=0)
def double(number: int) -> int:
    """Take a number, with attempts to spare."""
    return number * 2


@task
def submit_a_chord(number: int) -> None:
    """Submit a chord from a task's own code."""
    chord((pick.s(str(n)) for n in range(number)), count_lots.s()).submit()


@task
def print_a_name(name: str) -> None:
    """Print two lines, the last without an end."""
    print("it is")
    print(name, end="")


@task(queue="low", timeout=0.2)
def stop_at_a_breakpoint(value: int) -> int:
    """Stop for longer than the time limit and a lease."""
    breakpoint()
    return value * 2
