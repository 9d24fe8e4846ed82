"""gunicorn's response, whose head and first piece are sent together: one packet, not two."""

from typing import Any

from gunicorn import util
from gunicorn.http.wsgi import Response

#: Bytes. What is longer is not copied behind its head.
_SHORT = 16 * 1024

_Response: Any = Response


class Answer(_Response):
    """The answer to one request."""

    def send_headers(self) -> None:
        if not self.headers_sent:
            util.write(self.sock, self._head())
            self.headers_sent = True

    def write(self, arg: bytes) -> None:
        begins = not self.headers_sent and not self.chunked and not self._omits_body
        if begins and self.response_length == len(arg) <= _SHORT:
            util.write(self.sock, self._head() + arg)
            self.headers_sent, self.sent = True, len(arg)
        else:
            super().write(arg)

    def _head(self) -> bytes:
        lines = [*self.default_headers(), *(f"{name}: {value}\r\n" for name, value in self.headers)]
        return ("".join(lines) + "\r\n").encode("latin-1")
