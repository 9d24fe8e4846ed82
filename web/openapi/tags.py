"""The groups of routes in the OpenAPI document, and what each is about."""

from collections.abc import Mapping

TAGS: Mapping[str, str] = {
    "tasks": "Submit a task, read its outcome, cancel or retry it.",
    "failures": "Failed tasks, grouped by their cause, and how to retry them.",
    "operators": "What operators do to many tasks, how it is undone, and who did what.",
    "queues": "What waits, runs and has run, by queue.",
    "schedules": "Tasks that are submitted again and again, by cron or every so many seconds.",
    "workers": "Consumers, their workers, statistics and health.",
    "history": "What has happened over the last minutes, hours and days.",
    "inspector": "For whoever operates the service.",
    "health": "For load balancers and supervisors.",
}
