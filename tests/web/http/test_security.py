"""What every answer carries, who is refused, and what a browser may do."""

import dataclasses

import pytest
from flask.testing import FlaskClient

import huey_tasks as tq
import web
from tests.web.conftest import email_body

FRIEND = "https://app.example.com"
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


@pytest.fixture
def friendly() -> FlaskClient:
    return web.create_app(dataclasses.replace(tq.CONFIG, allowed_origins=(FRIEND,))).test_client()


@pytest.fixture
def locked() -> FlaskClient:
    return web.create_app(
        dataclasses.replace(tq.CONFIG, api_keys=("first-key", "schlüssel"))
    ).test_client(use_cookies=False)


@pytest.mark.parametrize("path", ["/", "/nowhere", "/api/queues", "/openapi.json", "/ws/stats"])
def test_every_answer_carries_the_security_headers(client: FlaskClient, path: str) -> None:
    headers = client.get(path).headers

    assert headers["Content-Security-Policy"] == CSP
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["X-Frame-Options"] == "DENY"
    assert "Access-Control-Allow-Origin" not in headers


def test_only_the_docs_may_use_style_attributes(client: FlaskClient) -> None:
    policy = client.get("/docs").headers["Content-Security-Policy"]
    assert policy == CSP.replace("style-src 'self'", "style-src 'self' 'unsafe-inline'")


def test_answers_of_the_api_are_not_stored_and_pages_are_checked_again(client: FlaskClient) -> None:
    assert client.get("/api/queues").headers["Cache-Control"] == "no-store"
    assert client.get("/").headers["Cache-Control"] == "no-cache"


def test_static_files_are_checked_again_by_etag(client: FlaskClient) -> None:
    path = "/docs/swagger/css/swagger-ui.css"
    with client.get(path) as first:
        known = {"If-None-Match": first.headers["ETag"]}
    with client.get(path, headers=known) as again:
        pass
    assert (first.status_code, first.headers["Cache-Control"]) == (200, "no-cache")
    assert again.status_code == 304


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost:5555"},
        {"Origin": "http://localhost.evil.example"},
        {"Origin": "http://localhost@evil.example"},
        {"Origin": "localhost"},
        {"Origin": "http://["},
        {"Origin": "http://[::1"},
        {"Origin": "http://]"},
        {"Origin": "//["},
        {"Sec-Fetch-Site": "cross-site"},
        {"Origin": "http://localhost", "Sec-Fetch-Site": "cross-site"},
    ],
    ids=str,
)
def test_a_page_of_another_site_changes_nothing(
    client: FlaskClient, headers: dict[str, str]
) -> None:
    answer = client.post("/api/tasks/submit", json=email_body(), headers=headers)

    assert (answer.status_code, answer.get_json()["code"]) == (403, "cross_site")
    assert tq.list_tasks() == []


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "http://localhost"},
        {"Origin": "HTTP://LOCALHOST"},
        {"Origin": "https://localhost"},
        {"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "none"},
    ],
    ids=str,
)
def test_our_own_pages_and_programs_may_submit(
    client: FlaskClient, headers: dict[str, str]
) -> None:
    answer = client.post("/api/tasks/submit", json=email_body(), headers=headers)
    assert answer.status_code == 202


def test_an_allowed_origin_may_submit_and_read_the_answer(friendly: FlaskClient) -> None:
    answer = friendly.post(
        "/api/tasks/submit",
        json=email_body(),
        headers={"Origin": FRIEND, "Sec-Fetch-Site": "cross-site"},
    )

    assert answer.status_code == 202
    assert answer.headers["Access-Control-Allow-Origin"] == FRIEND
    assert "Location" in answer.headers["Access-Control-Expose-Headers"]
    assert "Origin" in answer.headers["Vary"]


def test_an_allowed_origin_can_read_errors_too(friendly: FlaskClient) -> None:
    answer = friendly.get("/api/tasks/nothing", headers={"Origin": FRIEND})
    assert answer.headers["Access-Control-Allow-Origin"] == FRIEND


def test_a_preflight_is_answered_for_allowed_origins_only(friendly: FlaskClient) -> None:
    asked = {"Access-Control-Request-Method": "POST"}
    friend = friendly.options("/api/tasks/submit", headers={"Origin": FRIEND, **asked})
    stranger = friendly.options(
        "/api/tasks/submit", headers={"Origin": "https://x.example", **asked}
    )

    assert friend.status_code == 204
    assert friend.headers["Access-Control-Allow-Origin"] == FRIEND
    assert "POST" in friend.headers["Access-Control-Allow-Methods"]
    assert "Authorization" in friend.headers["Access-Control-Allow-Headers"]
    assert not [name for name, _ in stranger.headers if name.startswith("Access-Control")]


@pytest.mark.parametrize("path", ["/api/queues", "/api/nowhere", "/ws/stats"])
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer wrong"},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer first-key2"},
        {"Authorization": "Basic first-key"},
        {"Authorization": "first-key"},
        {"Cookie": "duckline_key=first-key"},
        {"X-API-Key": "first-key"},
    ],
    ids=str,
)
def test_without_a_key_the_api_is_closed(
    locked: FlaskClient, path: str, headers: dict[str, str]
) -> None:
    answer = locked.get(path, headers=headers)

    assert (answer.status_code, answer.get_json()["code"]) == (401, "unauthorized")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "Bearer first-key"},
        {"Authorization": "bearer  first-key"},
        {"Authorization": "Bearer schlüssel".encode().decode("latin-1")},
    ],
    ids=str,
)
def test_any_of_the_keys_opens_the_api(locked: FlaskClient, headers: dict[str, str]) -> None:
    assert locked.get("/api/queues", headers=headers).status_code == 200


@pytest.mark.parametrize("path", ["/api/queues", "/ws/stats"])
def test_an_origin_that_is_none_is_refused_with_a_session_too(
    locked: FlaskClient, path: str
) -> None:
    sent = {"Origin": "http://[", "Cookie": f"duckline_session_{tq.CONFIG.port}=any"}
    answer = locked.get(path, headers=sent)
    assert (answer.status_code, answer.get_json()["code"]) == (403, "cross_site")


@pytest.mark.parametrize("path", ["/", "/docs", "/openapi.json"])
def test_pages_are_open(locked: FlaskClient, path: str) -> None:
    assert locked.get(path).status_code == 200


def test_a_key_with_a_name_lets_in() -> None:
    named = web.create_app(dataclasses.replace(tq.CONFIG, api_keys=("ada=s3cret-of-ada",)))
    client = named.test_client(use_cookies=False)
    for key, status in (("s3cret-of-ada", 200), ("ada=s3cret-of-ada", 200), ("ada", 401)):
        headers = {"Authorization": f"Bearer {key}"}
        assert client.get("/api/queues", headers=headers).status_code == status


@pytest.mark.parametrize("name", ["key", "api_key", "apikey", "access_token", "token"])
@pytest.mark.parametrize("path", ["/api/queues", "/api/tasks", "/ws/stats"])
def test_a_key_in_the_address_is_refused_even_beside_one_in_its_place(
    locked: FlaskClient, path: str, name: str
) -> None:
    for headers in ({}, {"Authorization": "Bearer first-key"}):
        answer = locked.get(f"{path}?{name}=first-key", headers=headers)
        assert (answer.status_code, answer.get_json()["code"]) == (401, "unauthorized")
        assert "first-key" not in answer.text


def test_no_answer_sets_a_cookie(locked: FlaskClient) -> None:
    for path in ("/", "/tasks", "/api/queues", "/docs"):
        answer = locked.get(path, headers={"Authorization": "Bearer first-key"})
        assert "Set-Cookie" not in answer.headers


def _ticket(client: FlaskClient) -> str:
    answer = client.post("/api/ws-ticket", headers={"Authorization": "Bearer first-key"})
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
    return answer.get_json()["ticket"]


def test_a_ticket_is_given_for_a_key_only(locked: FlaskClient) -> None:
    assert locked.post("/api/ws-ticket").status_code == 401
    assert locked.post(f"/api/ws-ticket?ticket={_ticket(locked)}").status_code == 401


def test_a_ticket_opens_the_socket_and_nothing_else(locked: FlaskClient) -> None:
    ticket = _ticket(locked)
    assert locked.get(f"/ws/stats?ticket={ticket}").status_code == 426  # let in; but no handshake
    assert locked.get(f"/api/queues?ticket={ticket}").status_code == 401
    headers = {"Authorization": f"Bearer {ticket}"}
    assert locked.get("/api/queues", headers=headers).status_code == 401


def test_a_ticket_that_is_none_of_ours_opens_nothing(
    locked: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticket = _ticket(locked)
    ends, key, proof = ticket.split(".")
    late = f"{int(ends) + 1}.{key}.{proof}"
    other = web.create_app(dataclasses.replace(tq.CONFIG, api_keys=("another-key",))).test_client()
    for wrong in (
        "",
        ".",
        ends,
        f"{ends}.",
        f"{ends}.{key}",
        f"{ends}.nobody.{proof}",
        late,
        ticket.upper(),
        f"{ticket}0",
        "٣.٣",
        f" {ticket}",
    ):
        assert locked.get("/ws/stats", query_string={"ticket": wrong}).status_code == 401
    assert other.get(f"/ws/stats?ticket={ticket}").status_code == 401
    now = float(ends)
    monkeypatch.setattr("web.http.tickets.time.time", lambda: now + 0.5)
    assert locked.get(f"/ws/stats?ticket={ticket}").status_code == 401
