"""How a request is bound to the routes: as Flask does it, in less time."""

from typing import Any

import pytest
from flask import Flask, Request
from werkzeug.exceptions import BadHost
from werkzeug.test import EnvironBuilder

from web import create_app
from web.openapi.app import DucklineApi

_app = create_app()

REQUESTS: list[dict[str, Any]] = [
    {"path": "/api/tasks/submit", "method": "POST"},
    {"path": "//api/tasks/x"},
    {"path": "/api/tasks/søk", "query_string": "q=é&a=%20"},
    {"base_url": "http://Ducks.Example:80/jobs"},
    {"base_url": "https://ducks.example:443/"},
    {"base_url": "http://[::1]:8000/"},
    {"base_url": "http://bücher.example/"},
    {"headers": {"Host": ""}},
    {"headers": {"Host": "a b/c"}},
    {"headers": {"Connection": "Upgrade", "Upgrade": "websocket"}},
]


def _bound(make: Any, sent: dict[str, Any]) -> Any:
    request = Request(EnvironBuilder(**sent).get_environ())
    adapter = make(_app, request)
    return {**vars(adapter), "map": None, "host": request.host}


@pytest.mark.parametrize("sent", REQUESTS)
def test_a_request_is_bound_as_flask_binds_it(sent: dict[str, Any]) -> None:
    ours = [_bound(DucklineApi.create_url_adapter, sent) for _ in range(2)]  # the second is kept
    assert ours == [_bound(Flask.create_url_adapter, sent)] * 2


def test_a_host_that_is_no_name_is_refused_again_and_again() -> None:
    sent = EnvironBuilder(headers=[("Host", f"{'x' * 64}.example")]).get_environ()
    for _ in range(2):
        with pytest.raises(BadHost):
            _app.create_url_adapter(Request(sent))
