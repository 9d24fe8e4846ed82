"""Which role each route needs, and how it deals with a key that does not reach everything.

The only place that says so: a route that is not here is for admins that reach everything, and a
test fails for it. `huey_tasks.access.roles` has the roles.
"""

from collections.abc import Mapping
from enum import StrEnum

import huey_tasks as tq

VIEWER, SUBMITTER, OPERATOR, ADMIN = tq.Role


class Reaching(StrEnum):
    """What a route does with the reach of a key."""

    CHECKED = "checked"  # it compares what it is about with the reach
    OPEN = "open"  # it tells names, counts and times, and nothing that a task holds
    WHOLE = "whole"  # it shows or changes more than a reach: only keys that reach everything


CHECKED, OPEN, WHOLE = Reaching


class Needs:
    """The needs of the routes of one app, by endpoint."""

    def __init__(self, table: Mapping[tuple[tq.Role, Reaching], str]) -> None:
        self._needs = {
            endpoint: need for need, endpoints in table.items() for endpoint in endpoints.split()
        }

    @property
    def endpoints(self) -> frozenset[str]:
        """The routes that are listed."""
        return frozenset(self._needs)

    def of(self, endpoint: str) -> tuple[tq.Role, Reaching]:
        """Return the role that a route needs, and how it deals with a reach."""
        return self._needs.get(endpoint, (ADMIN, WHOLE))

    def check(self, holder: tq.Holder, endpoint: str) -> None:
        """Raise Forbidden, which says what is missing, unless the holder may use a route."""
        role, reaching = self.of(endpoint)
        if not holder.role.includes(role):
            raise tq.Forbidden(f"This needs the role {role}; this key has the role {holder.role}.")
        if reaching is WHOLE and not holder.reach.is_whole:
            raise tq.Forbidden(
                "This needs a key that reaches every queue and task type; this one does not."
            )


#: Where somebody without a key learns that one is needed, signs in, or out.
OPEN_TO_ALL = frozenset({"session.read_session", "session.sign_in", "session.sign_out"})

#: Our own API.
SERVICE = Needs(
    {
        (VIEWER, CHECKED): """
            tasks.read_task reading.read_tasks event_streams.follow_task explanation.explain_task
            search.list_tasks schedules.list_schedules schedules.read_schedule
            type_limits.read_limits flows.list_flows flows.read_flow event_streams.follow_all
        """,
        (VIEWER, OPEN): """
            tasks.list_task_types queues.list_queues workers.list_workers statistics.read_stats
            push.stats_socket socket_tickets.issue_ticket work_health.read_health
            verdict.read_verdict history.read_history schedules.preview_schedule
            session.read_session metrics.read_metrics
        """,
        (VIEWER, WHOLE): """
            history.read_log failures.list_failures failures.read_failure actions.list_audit
            functions.list_functions functions.read_function functions.list_events
            functions.read_event functions.read_source inspector.read_config inspector.read_redis
        """,
        (SUBMITTER, CHECKED): """
            submission.submit_task bulk_submission.submit_bulk flow_submission.submit_flow
            invocation.invoke_function
        """,
        (SUBMITTER, WHOLE): """
            events.publish_event functions.save_event functions.delete_event
        """,
        (OPERATOR, CHECKED): """
            tasks.change_task tasks.cancel_task tasks.retry_task actions.act_on_tasks actions.undo
            queues.pause_queue queues.drain_queue queues.resume_queue queues.purge_queue
            schedules.create_schedule schedules.put_schedule schedules.change_schedule
            schedules.delete_schedule schedules.run_schedule
            type_limits.set_limits type_limits.delete_limits flows.cancel_flow flows.retry_flow
        """,
        (OPERATOR, WHOLE): """
            failures.retry_failure
        """,
        (ADMIN, WHOLE): """
            api_keys.list_keys api_keys.create_key api_keys.revoke_key
            webhooks.list_webhooks webhooks.create_webhook webhooks.read_webhook
            webhooks.change_webhook webhooks.delete_webhook webhooks.rotate_webhook_secret
            webhooks.list_deliveries webhooks.replay_delivery webhooks.test_webhook
        """,
    }
)

#: AWS's Lambda API.
LAMBDA = Needs(
    {
        (VIEWER, WHOLE): """
            functions.list_functions functions.get_function functions.get_configuration
            functions.list_versions functions.list_tags functions.account_settings
            settings.get_event_invoke_config settings.list_event_invoke_configs
            settings.get_url_config settings.list_url_configs settings.get_concurrency
        """,
        (SUBMITTER, CHECKED): """
            invocations.invoke invocations.invoke_async invocations.invoke_with_response_stream
        """,
        (ADMIN, WHOLE): """
            settings.put_event_invoke_config settings.update_event_invoke_config
            settings.delete_event_invoke_config settings.create_url_config
            settings.update_url_config settings.delete_url_config settings.put_concurrency
            settings.delete_concurrency
        """,
    }
)

#: AWS's JSON services: what `aws_json.call` needs depends on its operation.
AWS_SERVICES = Needs(
    {
        (VIEWER, WHOLE): """
            Logs_20140328.FilterLogEvents aws_scheduler.list_schedules aws_scheduler.get_schedule
        """,
        (VIEWER, CHECKED): "aws_json.call",
        (SUBMITTER, WHOLE): "AWSEvents.PutEvents",
        (OPERATOR, WHOLE): """
            aws_scheduler.create_schedule aws_scheduler.update_schedule
            aws_scheduler.delete_schedule
        """,
    }
)

#: Function URLs: each is an invocation.
FUNCTION_URLS = Needs({(SUBMITTER, CHECKED): "function_url"})
