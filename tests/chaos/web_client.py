"""Ask the storm's web service over its unix socket."""

import http.client
import json
import socket
from pathlib import Path
from typing import Any

_TIMEOUT_S = 15.0


class UnixConnection(http.client.HTTPConnection):
    """HTTP over a unix socket."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=_TIMEOUT_S)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


class WebClient:
    """A caller that opens a connection for each request."""

    def __init__(self, web: Path) -> None:
        self._web = web

    def ask(
        self, method: str, path: str, body: object = None, **headers: str
    ) -> tuple[int, dict[str, Any]]:
        """Ask once; status 0 when no whole answer arrives. `Idempotency_Key` is a header."""
        connection = UnixConnection(self._web)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            data = None if body is None else json.dumps(body)
            connection.request(method, path, data, {"Content-Type": "application/json", **named})
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        except (OSError, http.client.HTTPException, ValueError):
            return 0, {}
        finally:
            connection.close()
