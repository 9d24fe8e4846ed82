"""The garbage collector of a web process holds up no request for a look at the whole service."""

from tests.web.conftest import StartServer


def test_the_collector_runs_and_leaves_out_what_was_imported(start_server: StartServer) -> None:
    server = start_server("tests.web.http.collector_app:app")
    said = server.request("GET", "/").json
    assert said["is_enabled"]
    assert said["watched"] < 20_000  # the imports alone make 150,000
