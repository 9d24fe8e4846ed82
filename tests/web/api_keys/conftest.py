"""Clients with keys of every kind, of one service in this process."""

import dataclasses
import itertools
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

import huey_tasks as tq
import web

ADMIN = "admin-of-the-setting"

#: Makes a client that sends a new key: keyed("viewer", queues=["low"]).
Keyed = Callable[..., FlaskClient]


class WithKey(FlaskClient):
    """A client that sends `key` with every request."""

    key = ""

    def open(self, *args: Any, **kwargs: Any) -> Any:
        headers = {"Authorization": f"Bearer {self.key}", **(kwargs.pop("headers", None) or {})}
        return super().open(*args, headers=headers, **kwargs)


def client_of(app: Any, key: str) -> FlaskClient:
    """A client of this app that sends a key."""
    app.test_client_class = WithKey
    client: WithKey = app.test_client(use_cookies=False)
    client.key = key
    return client


@pytest.fixture
def app() -> Any:
    return web.create_app(dataclasses.replace(tq.CONFIG, api_keys=(f"root={ADMIN}",)))


@pytest.fixture
def admin(app: Any) -> FlaskClient:
    return client_of(app, ADMIN)


@pytest.fixture
def keyed(app: Any, admin: FlaskClient) -> Keyed:
    numbers = itertools.count(1)

    def make(role: str, **more: Any) -> FlaskClient:
        body = {"name": f"{role} {next(numbers)}", "role": role, **more}
        answer = admin.post("/api/keys", json=body)
        assert answer.status_code == 201, answer.text
        return client_of(app, answer.get_json()["key"])

    return make
