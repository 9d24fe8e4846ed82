"""API keys over HTTP: create, list, revoke."""

from flask import Response

import huey_tasks as tq
from web.api_keys.schemas import KeyBody, KeyList, KeyPath, KeyView, KeyWithSecret
from web.http.identity import identity
from web.http.responses import JsonAnswer, respond
from web.openapi.answers import no_content, ok
from web.openapi.blueprint import ApiBlueprint
from web.openapi.problems import BODY_PROBLEMS, problems
from web.operations.operator import OF_OPERATOR, ReasonQuery, operator

api_keys = ApiBlueprint("api_keys", "keys")


@api_keys.get("/keys", responses={**ok(200, KeyList, "The keys."), **problems("queue_unavailable")})
def list_keys() -> Response:
    """List the API keys, without what to send."""
    found = tq.list_keys(identity().setting)
    return respond(KeyList(keys=[KeyView.model_validate(each) for each in found]))


@api_keys.post(
    "/keys",
    openapi_extensions=OF_OPERATOR,
    responses={
        **ok(201, KeyWithSecret, "The key, with what to send."),
        **problems(
            *BODY_PROBLEMS, "invalid_request", "key_name_taken", "too_many_keys", "last_admin",
            "queue_unavailable",
        ),
    },
)  # fmt: skip
def create_key(body: KeyBody) -> Response:
    """Create an API key. What to send is in this answer, and in no other.

    From the first key on, the service needs one.
    """
    made, key = tq.create_key(
        body.name,
        body.role,
        queues=body.queues,
        task_types=body.task_types,
        rate=body.rate,
        expires_in=body.expires_in,
        by=operator(body.reason),
        setting=identity().setting,
    )
    identity().keys.read_again()
    return respond(KeyWithSecret.model_validate({**made._asdict(), "key": key}), 201)


@api_keys.delete(
    "/keys/<key_id>",
    openapi_extensions=OF_OPERATOR,
    responses={
        **no_content("The key is revoked."),
        **problems(
            "cross_site", "invalid_request", "key_not_found", "key_fixed", "last_admin",
            "queue_unavailable",
        ),
    },
)  # fmt: skip
def revoke_key(path: KeyPath, query: ReasonQuery) -> Response:
    """Revoke an API key: within two seconds it opens nothing, and its streams are closed."""
    tq.revoke_key(path.key_id, operator(query.reason), setting=identity().setting)
    identity().keys.read_again()
    return JsonAnswer("", 204, {})
