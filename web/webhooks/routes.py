"""Webhooks over HTTP."""

from flask import Response

import huey_tasks as tq
from web.http.responses import JsonAnswer, respond
from web.http.root_path import address
from web.openapi.answers import header, no_content, ok
from web.openapi.blueprint import ApiBlueprint
from web.openapi.problems import BODY_PROBLEMS, problems
from web.operations.operator import (
    OF_OPERATOR,
    ReasonBody,
    ReasonQuery,
    of_operator,
    operator,
    operator_of_body,
)
from web.webhooks.schemas import (
    DeliveriesQuery,
    DeliveryList,
    DeliveryPath,
    DeliveryView,
    WebhookBody,
    WebhookChangeBody,
    WebhookList,
    WebhookPath,
    WebhookView,
    WebhookWithSecret,
)

webhooks = ApiBlueprint("webhooks", "webhooks")

_CHANGES = (*BODY_PROBLEMS, "invalid_request", "queue_unavailable")


@webhooks.get(
    "/webhooks",
    responses={**ok(200, WebhookList, "The webhooks."), **problems("queue_unavailable")},
)
def list_webhooks() -> Response:
    """List the webhooks. The first, `tasks`, stands for tasks with a `webhook_url`."""
    views = [WebhookView.model_validate(each) for each in tq.list_webhooks()]
    return respond(WebhookList(webhooks=views))


@webhooks.post(
    "/webhooks",
    openapi_extensions=OF_OPERATOR,
    responses={
        **ok(
            201,
            WebhookWithSecret,
            "The webhook, with its secret.",
            Location=header("The URL of the webhook."),
        ),
        **problems(*_CHANGES, "too_many_webhooks"),
    },
)
def create_webhook(body: WebhookBody) -> Response:
    """Create a webhook: the end of each task that fits, or conditions, are posted to its URL.

    The secret is in this answer, and in no other.
    """
    made, secret = tq.create_webhook(
        body.url,
        description=body.description,
        states=body.states,
        task_types=body.task_types,
        tags=body.tags,
        conditions=body.conditions,
        by=operator(body.reason),
    )
    return respond(_with_secret(made, secret), 201, {"Location": _address(made.id)})


@webhooks.get(
    "/webhooks/<webhook_id>",
    responses={
        **ok(200, WebhookView, "The webhook as it is now."),
        **problems("webhook_not_found", "queue_unavailable"),
    },
)
def read_webhook(path: WebhookPath) -> Response:
    """Read a webhook."""
    return respond(WebhookView.model_validate(tq.get_webhook(path.webhook_id)))


@webhooks.patch(
    "/webhooks/<webhook_id>",
    openapi_extensions=OF_OPERATOR,
    responses={
        **ok(200, WebhookView, "The webhook as it is now."),
        **problems(*_CHANGES, "webhook_not_found", "changed_meanwhile"),
    },
)
def change_webhook(path: WebhookPath, body: WebhookChangeBody) -> Response:
    """Change, disable or enable a webhook.

    What ends while it is disabled is not posted later. With `if_updated_at` nobody's change is
    undone unseen: a 409 says that there has been one.
    """
    changed = tq.change_webhook(
        path.webhook_id,
        body.changes(),
        operator(body.reason),
        if_updated_at=body.if_updated_at,
    )
    return respond(WebhookView.model_validate(changed))


@webhooks.delete(
    "/webhooks/<webhook_id>",
    openapi_extensions=OF_OPERATOR,
    responses={
        **no_content("The webhook is deleted."),
        **problems("cross_site", "invalid_request", "webhook_not_found", "queue_unavailable"),
    },
)
def delete_webhook(path: WebhookPath, query: ReasonQuery) -> Response:
    """Delete a webhook; what it has not delivered yet is not sent."""
    tq.delete_webhook(path.webhook_id, operator(query.reason))
    return JsonAnswer("", 204, {})


@webhooks.post(
    "/webhooks/<webhook_id>/secret",
    openapi_extensions=of_operator(ReasonBody),
    responses={
        **ok(200, WebhookWithSecret, "The webhook, with its new secret."),
        **problems(*_CHANGES, "webhook_not_found"),
    },
)
def rotate_webhook_secret(path: WebhookPath) -> Response:
    """Give a webhook a new secret, which no other answer shows.

    For another day deliveries are signed with the old one too, so receivers can change over.
    """
    made, secret = tq.rotate_webhook_secret(path.webhook_id, operator_of_body())
    return respond(_with_secret(made, secret))


@webhooks.get(
    "/webhooks/<webhook_id>/deliveries",
    responses={
        **ok(200, DeliveryList, "A page of deliveries."),
        **problems("invalid_request", "webhook_not_found", "queue_unavailable"),
    },
)
def list_deliveries(path: WebhookPath, query: DeliveriesQuery) -> Response:
    """List the last 1,000 deliveries of a webhook, of three days, each with its attempts."""
    page = tq.list_deliveries(path.webhook_id, query.cursor, query.limit)
    return respond(DeliveryList.model_validate(page))


@webhooks.post(
    "/webhooks/<webhook_id>/deliveries/<delivery_id>/replay",
    openapi_extensions=of_operator(ReasonBody),
    responses={
        **ok(202, DeliveryView, "It is sent again."),
        **problems(*_CHANGES, "webhook_not_found", "delivery_not_found"),
    },
)
def replay_delivery(path: DeliveryPath) -> Response:
    """Send a delivery again, now, with the same `webhook-id` and body."""
    again = tq.replay_delivery(path.webhook_id, path.delivery_id, operator_of_body())
    return respond(DeliveryView.model_validate(again), 202)


@webhooks.post(
    "/webhooks/<webhook_id>/test",
    openapi_extensions=of_operator(ReasonBody),
    responses={
        **ok(202, DeliveryView, "A sample event is sent."),
        **problems(*_CHANGES, "webhook_not_found"),
    },
)
def test_webhook(path: WebhookPath) -> Response:
    """Send a sample event, `task.test` or `condition.test`, now.

    It is signed, tried again and listed like every other delivery. A disabled webhook gets it too,
    so that you can test its receiver before you enable it: it stays disabled, and how the test goes
    counts for nothing.
    """
    made = tq.send_sample(path.webhook_id, operator_of_body())
    return respond(DeliveryView.model_validate(made), 202)


def _with_secret(made: tq.WebhookRecord, secret: str) -> WebhookWithSecret:
    return WebhookWithSecret.model_validate({**vars(made), "secret": secret})


def _address(webhook_id: str) -> str:
    return address(f"/api/webhooks/{webhook_id}")
