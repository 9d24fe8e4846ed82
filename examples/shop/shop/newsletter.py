"""A newsletter: one task for each reader, and one when all have ended."""

from huey_tasks import chord, task

#: Who has got one; a real shop asks its mail server.
sent: list[str] = []


@task(retries=2, retry_delay=5)
def send_issue(to: str, subject: str) -> str:
    """Send one mail."""
    if to.endswith("@invalid"):
        raise ValueError(f"{to} is no address")
    sent.append(to)
    return to


@task
def close_issue(results: list[object], subject: str) -> dict[str, int]:
    """Count who got it, when all members have ended, however they did."""
    got = sum(isinstance(result, str) for result in results)
    return {"sent": got, "failed": len(results) - got}


@task
def send_newsletter(readers: list[str], subject: str) -> int:
    """Submit a mail for each reader; a repeat of this task submits no second one."""
    members = [send_issue.s(to=to, subject=subject) for to in readers]
    chord(members, close_issue.s(subject=subject)).submit()
    return len(members)
