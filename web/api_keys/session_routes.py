"""Sessions over HTTP: a browser signs in with a key, and gets a cookie that no script can read."""

from typing import Annotated

from flask import Response, request
from pydantic import Field

import huey_tasks as tq
from web.http.errors import Unauthorized
from web.http.identity import COOKIE, COOKIE_PATHS, holder, identity
from web.http.models import Inbound, Outbound
from web.http.responses import JsonAnswer, respond
from web.http.root_path import address
from web.openapi.answers import no_content, ok
from web.openapi.blueprint import ApiBlueprint
from web.openapi.problems import BODY_PROBLEMS, problems

session = ApiBlueprint("session", "keys")


class SessionBody(Inbound):
    """Who signs in."""

    key: Annotated[str, Field(max_length=1000)] = Field(description="An API key.")


class SessionView(Outbound):
    """Who is signed in, and what they may."""

    needs_key: bool = Field(description="False: everybody may do everything, and nobody signs in.")
    name: str | None = Field(description="The name of the key.")
    role: tq.Role | None = Field(description="Null: nobody is signed in, and a key is needed.")
    queues: list[str] = Field(description="The queues that the key reaches. Empty: all.")
    task_types: list[str] = Field(description="The task types that it reaches. Empty: all.")
    by_cookie: bool = Field(description="Whether a session says so; else a key.")


@session.get(
    "/session", responses={**ok(200, SessionView, "Who calls."), **problems("queue_unavailable")}
)
def read_session() -> Response:
    """Read who calls, with which role and reach; without a key, whether one is needed."""
    needs_key = identity().look()
    return respond(_view(holder(), needs_key=needs_key, by_cookie=identity().is_by_cookie()))


@session.post(
    "/session",
    responses={
        **ok(200, SessionView, "Signed in: the cookie stands for the key, for twelve hours."),
        **problems(*BODY_PROBLEMS, "invalid_request", "queue_unavailable"),
    },
)
def sign_in(body: SessionBody) -> Response:
    """Sign in with an API key, for browsers.

    The cookie is HttpOnly and SameSite=Strict, and only sent to `/api` and `/ws`.
    """
    if not identity().keys.is_locked():
        return respond(_view(None, needs_key=False, by_cookie=False))
    # A header has bytes, which WSGI gives as latin-1; the body has text.
    sent = body.key.strip().encode().decode("latin-1")
    found = identity().logins.holder_of(sent)
    if found is None:
        raise Unauthorized("This is not a valid API key.")
    identity().keys.count_request(found)
    answer = respond(_view(found, needs_key=True, by_cookie=True))
    _set_cookie(answer, identity().sessions.begin(found, sent), tq.SESSION_LIFE_S)
    return answer


@session.delete(
    "/session",
    responses={**no_content("Signed out."), **problems("cross_site", "queue_unavailable")},
)
def sign_out() -> Response:
    """Sign out: the session ends in every tab."""
    sent = request.cookies.get(COOKIE)
    if sent:
        identity().sessions.end(sent)
    answer = JsonAnswer("", 204, {})
    _set_cookie(answer, "", 0)
    return answer


def _set_cookie(answer: Response, value: str, life_s: int) -> None:
    for path in COOKIE_PATHS:
        answer.set_cookie(
            COOKIE,
            value,
            max_age=life_s,
            path=address(path),
            secure=request.is_secure,
            httponly=True,
            samesite="Strict",
        )


def _view(found: tq.Holder | None, *, needs_key: bool, by_cookie: bool) -> SessionView:
    return SessionView(
        needs_key=needs_key,
        name=found.name if found else None,
        role=found.role if found else None if needs_key else tq.Role.ADMIN,
        queues=list(found.reach.queues) if found else [],
        task_types=list(found.reach.task_types) if found else [],
        by_cookie=by_cookie,
    )
