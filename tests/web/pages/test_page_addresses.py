"""Which addresses are pages, and who gets a page at an address that is none."""

import re
from pathlib import Path

import pytest
from flask.testing import FlaskClient

import web
from web.pages import routes as pages

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
TASK = "6f1c2f0e-8a47-4a6b-9d52-0c6f4d1f3a11"


@pytest.mark.parametrize(
    "path", ["/", *(f"/{name}" for name in pages.NAMES), f"/tasks/{TASK}", f"/tasks/{TASK}/again"]
)
@pytest.mark.parametrize("accept", [BROWSER, "*/*", "text/html", None])
def test_a_page_has_an_address(client: FlaskClient, path: str, accept: str | None) -> None:
    answer = client.get(path, headers={"Accept": accept} if accept else {})
    assert (answer.status_code, answer.mimetype) == (200, "text/html")


def test_the_server_knows_the_pages_that_the_script_has() -> None:
    script = Path(web.__file__).parent.parent / "static/js/app/pages.js"
    names = re.findall(r"^  (\w+): \{ title: ", script.read_text(), re.MULTILINE)
    assert sorted(names) == sorted(pages.NAMES)


@pytest.mark.parametrize(
    "path",
    ["/nonsense", "/tasks/nothing", f"/tasks/{TASK.upper()}", f"/tasks/{TASK}/x", "/queues/high"],
)
def test_a_wrong_address_is_a_page_for_a_browser_and_a_problem_for_a_program(
    client: FlaskClient, path: str
) -> None:
    for accept in (BROWSER, "text/html"):
        page = client.get(path, headers={"Accept": accept})
        assert (page.status_code, page.mimetype) == (404, "text/html")
        assert "Accept" in page.headers["Vary"]
    for accept in ("application/json", "*/*", "application/json, text/html;q=0.5"):
        problem = client.get(path, headers={"Accept": accept})
        assert problem.status_code == 404
        assert problem.get_json()["code"] == "not_found"


@pytest.mark.parametrize("path", ["/tasks", "/failures", f"/tasks/{TASK}"])
def test_a_program_that_forgot_api_is_told_so(client: FlaskClient, path: str) -> None:
    answer = client.get(path, headers={"Accept": "application/json"})
    assert (answer.status_code, answer.get_json()["code"]) == (404, "not_found")


@pytest.mark.parametrize("path", ["/api/nonsense", "/api/tasks/nothing", "/assets/x/y", "/ws/x"])
def test_what_programs_ask_for_is_never_a_page(client: FlaskClient, path: str) -> None:
    answer = client.get(path, headers={"Accept": BROWSER})
    assert (answer.status_code, answer.mimetype) == (404, "application/problem+json")


def test_a_page_only_reads(client: FlaskClient) -> None:
    answer = client.post("/tasks", headers={"Accept": BROWSER})
    assert (answer.status_code, answer.mimetype) == (405, "application/problem+json")


def test_the_inspector_has_no_page_that_submits(inspector: FlaskClient) -> None:
    assert inspector.get("/submit", headers={"Accept": BROWSER}).status_code == 404
    assert inspector.get("/tasks", headers={"Accept": BROWSER}).status_code == 200
