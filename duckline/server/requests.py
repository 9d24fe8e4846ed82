"""gunicorn's request parser, with checks that HTTP/1.1 requires and gunicorn omits.

Owns when a connection can serve another request: never after a body of which the rest may still
arrive, because the start of the next request is then unknown (request smuggling).
"""

import re
from typing import Any, cast

from gunicorn.http.body import ChunkedReader, LengthReader
from gunicorn.http.errors import (
    InvalidHeader,
    InvalidRequestLine,
    LimitRequestHeaders,
    ParseException,
)
from gunicorn.http.message import Request
from gunicorn.http.parser import RequestParser

from duckline.server.wire import DRAIN_BYTES, HeadTooLong, Wire

# The syntax of a Host header (RFC 3986: reg-name, IP-literal, port).
_HOST = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._~!$&'()*+,;=%-]*)(?::[0-9]*)?")
_ABSOLUTE = re.compile(r"https?://([^/?#]+)(.*)", re.IGNORECASE)
_FIRST_BYTES = frozenset(b"\r!#$%&'*+-.^_`|~") | frozenset(
    b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
)


# gunicorn's type stubs omit members that we use.
_Request: Any = Request
_RequestParser: Any = RequestParser


class HttpRequest(_Request):
    """One request; the constructor parses and checks its head."""

    _closes: bool | None = None

    def parse(self, unreader: Any) -> Any:
        try:
            rest = super().parse(unreader)
        except HeadTooLong:
            raise LimitRequestHeaders("the head of the request is too long") from None
        self._check_host()
        return rest

    def _parse_python(self, unreader: Any, buf: Any) -> Any:
        if buf[0] not in _FIRST_BYTES:  # such as TLS, which gunicorn would read until the timeout
            raise InvalidRequestLine("not HTTP")
        return super()._parse_python(unreader, buf)

    def set_body_reader(self) -> None:
        super().set_body_reader()
        held_back, self._expected_100_continue = self._expected_100_continue, False
        cast(Wire, self.unreader.sock).await_body(held_back=held_back)

    def should_close(self) -> bool:
        if self._closes is None:
            words = [word for name, value in self.headers if name == "CONNECTION"
                     for word in value.lower().replace(" ", "").split(",")]  # fmt: skip
            kept = self.version >= (1, 1) or "keep-alive" in words
            self._closes = "close" in words or self.method == "CONNECT" or not kept
        return self._closes or self.must_close or self._leaves_body()

    def _peer_is_trusted_proxy(self) -> bool:
        wire = cast(Wire, self.unreader.sock)
        if wire.is_proxy is None:  # gunicorn parses addresses to find out, and asks at each request
            wire.is_proxy = cast(bool, super()._peer_is_trusted_proxy())
        return wire.is_proxy

    def body_is_read(self) -> bool:
        """Whether every byte of this request has been read."""
        reader = self.body.reader
        if isinstance(reader, ChunkedReader):
            return reader.parser is None and not self.body.failed
        return not cast(LengthReader, reader).length and not self.body.failed

    def _leaves_body(self) -> bool:
        if self.body_is_read():
            return False
        reader = self.body.reader
        held_back = cast(Wire, self.unreader.sock).holds_body_back
        return (
            held_back or self.body.failed or getattr(reader, "length", DRAIN_BYTES) >= DRAIN_BYTES
        )

    def _check_host(self) -> None:
        hosts = [value for name, value in self.headers if name == "HOST"]
        if not hosts and self.version >= (1, 1):
            raise InvalidHeader("HOST", req=self)
        if hosts and not _HOST.fullmatch(hosts[0]):
            raise InvalidHeader("HOST", req=self)
        if self.uri.startswith("/") or self.uri == "*" or self.method == "CONNECT":
            return
        # In the absolute form, its host replaces the Host header (RFC 9112, section 3.2.2).
        found = _ABSOLUTE.fullmatch(self.uri)
        if found is None or not _HOST.fullmatch(found[1]):
            raise InvalidRequestLine(self.uri)
        self.headers = [pair for pair in self.headers if pair[0] != "HOST"] + [("HOST", found[1])]
        self.path = self.path or "/"


class Requests(_RequestParser):
    """Iterates over the requests of one connection."""

    mesg: HttpRequest | None

    def __init__(self, cfg: Any, wire: Wire, address: Any) -> None:
        super().__init__(cfg, wire, address)
        self._wire = wire

    def __next__(self) -> HttpRequest:
        if self.mesg is not None:
            if self.mesg.should_close() or not self._read_rest(self.mesg):
                raise StopIteration
            self._wire.await_head()
        self.mesg = None
        self.req_count += 1
        self.mesg = HttpRequest(self.cfg, self.unreader, self.source_addr, self.req_count)
        return self.mesg

    def leaves_bytes(self) -> bool:
        """Whether the client may have sent, or be sending, bytes that were not read."""
        return self.mesg is None or not self.mesg.body_is_read()

    def _read_rest(self, request: HttpRequest) -> bool:
        """Read the short rest of a body; return False if it does not arrive."""
        if not request.body_is_read():
            self._wire.hurry()
            try:
                while request.body.read(8192):
                    pass
            except (OSError, ParseException):
                return False
        return request.body_is_read()
