"""What an attempt keeps of an error in AWS's words."""

from huey_tasks.environments import answers
from huey_tasks.invocations import failures


def test_the_cause_does_not_name_the_request() -> None:
    """Failures of all requests are one group, and its title says what happened."""
    timed_out = answers.timed_out("11111111-2222-3333-4444-555555555555", 1.0)
    found = failures.of_answer(timed_out, "f")
    assert found.cause is not None
    assert found.cause.message == "Task timed out after # seconds"
    assert found.reported == timed_out
