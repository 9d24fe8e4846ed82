"""A name in a path that nothing has: the 404 tells the nearest one there is."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.web.conftest import email_body

_NIGHTLY = {**email_body(), "name": "nightly", "cron": "0 3 * * *"}

_LIMITS = "/api/task-types/send_emial/limits"


@pytest.mark.parametrize(
    ("method", "path", "body", "meant"),
    [
        ("GET", _LIMITS, None, "send_email"),
        ("PUT", _LIMITS, {"rate": 1}, "send_email"),
        ("DELETE", _LIMITS, None, "send_email"),
        ("GET", "/api/task-types/Send_Email/limits", None, "send_email"),
        *(("POST", f"/api/queues/hihg/{do}", None, "high") for do in ("pause", "drain", "resume")),
        ("POST", "/api/queues/HIGH/purge", None, "high"),
        ("GET", "/api/schedules/nightyl", None, "nightly"),
        ("PATCH", "/api/schedules/NIGHTLY", {}, "nightly"),
        ("DELETE", "/api/schedules/nightly ", None, "nightly"),
        ("POST", "/api/schedules/nightli/run", None, "nightly"),
    ],
)
def test_the_nearest_name_is_told(
    client: FlaskClient, method: str, path: str, body: Any, meant: str
) -> None:
    assert client.post("/api/schedules", json=_NIGHTLY).status_code == 201

    answer = client.open(path, method=method, json=body)

    assert answer.status_code == 404
    assert answer.get_json()["detail"].endswith(f"; did you mean '{meant}'?")


def test_a_name_far_from_all_gets_those_there_are(client: FlaskClient) -> None:
    types = client.get("/api/task-types/zzz/limits").get_json()["detail"]
    assert "; there are " in types
    queues = client.post("/api/queues/zzz/pause").get_json()["detail"]
    assert "the queues are high, default, low; QUEUES=high,default,low,zzz:2 adds it." in queues
    assert client.get("/api/schedules/zzz").get_json()["detail"].endswith("the name 'zzz'.")
