"""The groups of routes in the OpenAPI document, with their descriptions."""

from collections.abc import Mapping

TAGS: Mapping[str, str] = {
    "tasks": "Submit a task, read its outcome, cancel or retry it.",
    "failures": "List failed tasks, grouped by cause, and retry them.",
    "operators": "Change many tasks at once, undo it, and read who did what.",
    "queues": "Read the counts of each queue; pause, drain, resume or purge it.",
    "schedules": "Submit tasks on a schedule, by cron or at an interval.",
    "flows": "Submit a graph of tasks, follow it as one, cancel it, retry from a node.",
    "webhooks": "Post the ends of tasks to URLs, signed, until they have arrived.",
    "keys": "Make the API keys of people and programs, each with a role; revoke them.",
    "functions": "List the functions of a folder, invoke them, and save test events.",
    "events": "Publish events to the functions that subscribe to them.",
    "workers": "Read consumers, their workers, statistics and health.",
    "history": "Read counts and durations of the last minutes, hours and days.",
    "inspector": "Read the state of Redis and the settings of this process.",
    "metrics": "Read the metrics of the service, for Prometheus.",
    "health": "Checks for load balancers and supervisors.",
}
