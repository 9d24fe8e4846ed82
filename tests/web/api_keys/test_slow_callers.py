"""A rate for each key, and a wait for who tries keys."""

import logging
from typing import Any

import pytest
from flask.testing import FlaskClient

import huey_tasks as tq
from tests.web.api_keys.conftest import ADMIN, Keyed, client_of
from web.http import failed_logins
from web.http.failed_logins import MOST

KEY = "dk_" + "0" * 12 + "_" + "0" * 64


def test_a_key_sends_as_many_requests_as_its_rate_says(keyed: Keyed) -> None:
    client = keyed("viewer", rate=5)
    # A slow machine refills the bucket meanwhile, so more than five may pass, but not all.
    answers = [client.get("/api/task-types") for _ in range(60)]
    refused = [answer for answer in answers if answer.status_code != 200]
    assert [answer.status_code for answer in answers[:5]] == [200] * 5
    assert refused[0].status_code == 429
    assert refused[0].get_json()["code"] == "rate_exceeded"
    assert refused[0].headers["Retry-After"] == "1"


def test_a_low_rate_is_one_request_in_a_longer_time(keyed: Keyed) -> None:
    client = keyed("viewer", rate=0.01)
    assert client.get("/api/task-types").status_code == 200
    refused = client.get("/api/task-types")
    assert refused.status_code == 429
    assert 90 <= int(refused.headers["Retry-After"]) <= 100


def test_the_rates_of_two_keys_are_two(keyed: Keyed) -> None:
    first, second = keyed("viewer", rate=0.01), keyed("viewer", rate=0.01)
    assert first.get("/api/task-types").status_code == 200
    assert second.get("/api/task-types").status_code == 200


def test_who_tries_keys_has_to_wait(
    app: Any, admin: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    assert admin.get("/api/task-types").status_code == 200
    stranger = client_of(app, KEY)
    with caplog.at_level(logging.WARNING, "duckline.web"):
        tried = [stranger.get("/api/queues").status_code for _ in range(MOST + 5)]

    assert tried == [401] * MOST + [429] * 5
    refused = stranger.get("/api/queues")
    assert refused.get_json()["code"] == "too_many_failures"
    assert 0 < int(refused.headers["Retry-After"]) <= 61
    assert [each.getMessage().partition(" came")[0] for each in caplog.records] == [
        "a wrong API key", f"{MOST} wrong API keys",
    ]  # fmt: skip
    assert KEY not in caplog.text
    assert admin.get("/api/task-types").status_code == 200, "it was right from here before"
    assert stranger.get("/").status_code == 200


def test_a_right_key_that_is_new_waits_too_until_the_minute_is_over(
    app: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    stranger = client_of(app, "not-the-key")
    for _ in range(MOST):
        stranger.get("/api/queues")
    assert client_of(app, ADMIN).get("/api/queues").status_code == 429
    monkeypatch.setattr(failed_logins, "WINDOW_S", 0.0)
    assert client_of(app, ADMIN).get("/api/queues").status_code == 200


def test_a_request_without_a_key_is_no_attempt(app: Any) -> None:
    nobody = app.test_client(use_cookies=False)
    assert {nobody.get("/api/queues").status_code for _ in range(MOST + 5)} == {401}


def test_what_is_remembered_of_addresses_is_bounded(
    app: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(failed_logins, "_MOST_REMEMBERED", 3)
    client = client_of(app, "wrong")
    for number in range(10):
        client.get("/api/queues", environ_overrides={"REMOTE_ADDR": f"10.0.0.{number}"})
    logins = app.extensions["duckline_identity"].logins
    assert list(logins._failures) == ["10.0.0.7", "10.0.0.8", "10.0.0.9"]


def test_a_rate_holds_for_the_whole_service_not_for_one_process(keyed: Keyed) -> None:
    client = keyed("viewer", rate=0.01)
    holder = tq.Holder(tq.list_keys()[0].id, "", rate=0.01)
    tq.KnownKeys(()).count_request(holder)  # another process
    assert client.get("/api/task-types").status_code == 429
