"""What AWS's services beside Lambda need here: events, the logs of functions, schedules."""

from huey_tasks.invocations.function_log import LogEvent
from huey_tasks.invocations.function_log import matcher as log_matcher
from huey_tasks.invocations.function_log import read as read_function_log
from huey_tasks.invocations.publish import Event, Started
from huey_tasks.invocations.publish import publish as publish_events
from huey_tasks.schedules.aws_expressions import BadExpression, Plan
from huey_tasks.schedules.aws_expressions import read as read_expression
from huey_tasks.schedules.aws_expressions import write as write_expression
from huey_tasks.schedules.scheduled_event import schedule_arn, scheduler_event

__all__ = [
    "BadExpression",
    "Event",
    "LogEvent",
    "Plan",
    "Started",
    "log_matcher",
    "publish_events",
    "read_expression",
    "read_function_log",
    "schedule_arn",
    "scheduler_event",
    "write_expression",
]
