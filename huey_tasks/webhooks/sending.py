"""Post one request to an address that has been checked, in bounded time. Knows no webhook.

The host is resolved once, its addresses are checked, and the connection goes to one of those, so a
name that means another machine at the second look has none. Redirects are not followed.
"""

import socket
import ssl
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple
from urllib.parse import SplitResult, urlsplit

import httpcore

from huey_tasks.access.targets import Target, is_allowed, is_public, refusal, target_of

#: How much of an answer is read, and how much of that is kept, in bytes.
MOST_READ, MOST_KEPT = 65_536, 500

#: Seconds that an answer may take behind its head.
BODY_S = 1.0

#: How many addresses of a host are tried.
_MOST_ADDRESSES = 4

#: Returns the addresses of a host.
Resolve = Callable[[str, int], list[str]]


class Refused(Exception):
    """The host has no address that a webhook may go to."""


class Answer(NamedTuple):
    """What came of a request: a status with the begin of the answer, or an error.

    `is_silent`: the receiver has not answered in time.
    """

    duration_ms: int
    status: int | None = None
    text: str | None = None
    error: str | None = None
    is_silent: bool = False


def resolve(host: str, port: int) -> list[str]:
    """Return the addresses of a host. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(each[4][0]) for each in found))


class Sender:
    """Posts requests to hosts of WEBHOOK_ALLOWED_HOSTS, and to public addresses."""

    def __init__(
        self,
        allowed: Sequence[str],
        timeout_s: float,
        *,
        resolve: Resolve = resolve,
        may_go_to: Callable[[str], bool] = is_public,
    ) -> None:
        self._allowed, self._timeout_s = allowed, timeout_s
        self._resolve, self._may_go_to = resolve, may_go_to

    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Send a request and read the begin of its answer; never raises for the receiver's sake."""
        begun = time.monotonic()
        backend = _Checked(self, _Deadline(begun + self._timeout_s))
        answer: dict[str, Any]
        try:
            answer = self._exchange(backend, url, headers, body)
        except Refused as error:
            answer = {"error": str(error)}
        except (httpcore.TimeoutException, TimeoutError):
            error = f"no complete answer within {self._timeout_s:g} s"
            answer = {"error": error, "is_silent": True}
        except (httpcore.NetworkError, OSError) as error:
            took_s = time.monotonic() - begun
            # One that refuses at once holds no worker, and may be back for the next attempt.
            is_silent = took_s >= self._timeout_s / 2
            answer = {"error": f"no connection: {error}"[:300], "is_silent": is_silent}
        except (httpcore.ProtocolError, httpcore.UnsupportedProtocol, ValueError) as error:
            answer = {"error": f"the answer is not HTTP: {error}"[:300]}
        return Answer(round((time.monotonic() - begun) * 1000), **answer)

    def addresses(self, target: Target) -> list[str]:
        """Resolve a host, once. Raises Refused if it may not be reached, OSError."""
        found = self._resolve(*target)
        if is_allowed(target, self._allowed):
            return found[:_MOST_ADDRESSES]
        public = [address for address in found if self._may_go_to(address)]
        if not public:
            raise Refused(refusal(target.host, found[0] if found else "nothing"))
        return public[:_MOST_ADDRESSES]

    def _exchange(
        self, backend: "_Checked", url: str, headers: Mapping[str, str], body: bytes
    ) -> dict[str, Any]:
        seconds = dict.fromkeys(("connect", "read", "write", "pool"), self._timeout_s)
        backend.target = target_of(url)
        parts = urlsplit(url)
        tls = _tls() if parts.scheme == "https" else None
        with (
            httpcore.ConnectionPool(ssl_context=tls, network_backend=backend) as pool,
            pool.stream(
                "POST",
                _as_it_is(parts),
                headers=[("Host", parts.netloc), *headers.items()],
                content=body,
                extensions={"timeout": seconds},
            ) as response,
        ):
            status = response.status
            backend.deadline.shorten(BODY_S)  # the status decides: a slow body holds no worker
            text = _begin_of(response.iter_stream())
        if 200 <= status < 300:
            return {"status": status, "text": text}
        error = f"the receiver answered {status}"
        if 300 <= status < 400:
            error += ", and redirects are not followed"
        return {"status": status, "text": text, "error": error}


def _as_it_is(parts: SplitResult) -> httpcore.URL:
    """Return a URL with all of its path: httpcore itself drops what is behind a `;`."""
    target = parts.path or "/"
    return httpcore.URL(
        scheme=parts.scheme,
        host=parts.hostname or "",
        port=parts.port,
        target=f"{target}?{parts.query}" if parts.query else target,
    )


@cache
def _tls() -> ssl.SSLContext:
    """Return the system's trust; reading it takes longer than many a request."""
    return ssl.create_default_context()


def _begin_of(chunks: Iterable[bytes]) -> str:
    """Read an answer up to its bound; the status counts, so what is cut off does not matter."""
    read, kept = 0, b""
    try:
        for chunk in chunks:
            kept, read = (kept + chunk)[:MOST_KEPT], read + len(chunk)
            if read >= MOST_READ:
                break
    except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException):
        pass  # the receiver has said what it thinks of the request
    return kept.decode("utf-8", "replace")


class _Checked(httpcore.NetworkBackend):
    """Connects to the checked addresses only, and ends everything at the deadline."""

    def __init__(self, sender: Sender, deadline: "_Deadline") -> None:
        self._sender, self.deadline = sender, deadline
        self._plain = httpcore.SyncBackend()
        self.target = Target("", 0)

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Any = None,
    ) -> httpcore.NetworkStream:
        problem: Exception = httpcore.ConnectError("the host has no address")
        for address in self._sender.addresses(self.target):
            try:
                left_s = self.deadline.left(httpcore.ConnectTimeout)
                stream = self._plain.connect_tcp(
                    address, self.target.port, timeout=left_s, socket_options=socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                problem = error
            else:
                return _Bounded(stream, self.deadline)
        raise problem


class _Bounded(httpcore.NetworkStream):
    """A stream of which each operation ends at the deadline, however many bytes come one by one."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: "_Deadline") -> None:
        self._stream, self._deadline = stream, deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._deadline.left(httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._deadline.left(httpcore.WriteTimeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        left_s = self._deadline.left(httpcore.ConnectTimeout)
        return _Bounded(
            self._stream.start_tls(ssl_context, server_hostname, left_s), self._deadline
        )

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class _Deadline:
    """The time, by time.monotonic(), at which a request is over."""

    def __init__(self, at: float) -> None:
        self._at = at

    def shorten(self, to_s: float) -> None:
        """Leave no more than so many seconds."""
        self._at = min(self._at, time.monotonic() + to_s)

    def left(self, late: type[Exception]) -> float:
        """Return the seconds that are left. Raises `late` if there are none."""
        left_s = self._at - time.monotonic()
        if left_s <= 0:
            raise late("the time for this request is over")
        return left_s
