"""Where the service is, who asks, and over which connections."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import httpx

from duckline_client.exchange import Call, RetryPolicy

H = TypeVar("H", httpx.Client, httpx.AsyncClient)

_BRIEF = httpx.Limits(max_connections=100, max_keepalive_connections=20)
_HELD = httpx.Limits(max_connections=None, max_keepalive_connections=20)
_DEFAULT_URL = "http://127.0.0.1:8000"


@dataclass(frozen=True)
class Connection:
    """The settings that both clients share."""

    url: str
    api_key: str = field(repr=False)
    timeout_s: float
    policy: RetryPolicy

    @classmethod
    def make(
        cls, url: str | None, api_key: str | None, timeout_s: float, policy: RetryPolicy | None
    ) -> "Connection":
        """Take arguments, else DUCKLINE_URL and DUCKLINE_API_KEY; raises ValueError."""
        address = (url or os.environ.get("DUCKLINE_URL") or _DEFAULT_URL).rstrip("/")
        parsed = httpx.URL(address)
        is_http = parsed.scheme in ("http", "https") and parsed.host
        if not is_http or parsed.query or parsed.fragment:
            raise ValueError("the address is like http://127.0.0.1:8000")
        key = api_key if api_key is not None else os.environ.get("DUCKLINE_API_KEY", "")
        if not key.isascii() or not key.isprintable():
            raise ValueError("an API key is visible ASCII characters")
        if timeout_s <= 0:
            raise ValueError("timeout_s is more than 0")
        return cls(address, key, timeout_s, policy or RetryPolicy())

    @property
    def headers(self) -> dict[str, str]:
        """Headers of every request."""
        authorization = {"Authorization": f"Bearer {self.api_key}"} if self.api_key else {}
        return {"Accept": "application/json", "User-Agent": "duckline-client", **authorization}

    def request(self, http: httpx.Client | httpx.AsyncClient, call: Call) -> httpx.Request:
        """Make the request of a call; the service may live below a path."""
        usual_s = min(self.timeout_s, call.usual_s)
        timeout = httpx.Timeout(usual_s, read=usual_s + call.extra_s)
        return http.build_request(
            call.method, self.url + call.path, params=call.params, content=call.content,
            headers=call.headers, timeout=timeout,
        )  # fmt: skip


class Pools(Generic[H]):
    """The connections of this process: a forked child makes its own.

    Two processes that write to one connection get each other's answers. Calls whose answers the
    service holds, which are waits and streams, have a pool without a limit: there may be thousands,
    and no other call has to wait until one of them ends.
    """

    def __init__(self, make: Callable[[httpx.Limits], H]) -> None:
        self._make = make
        self._fill()

    def of(self, call: Call) -> H:
        """Return the pool for a call; that of the parent is left as it is: it is still used."""
        if self._by != os.getpid():
            self._fill()
        return self._held if call.extra_s else self._brief

    def both(self) -> tuple[H, H]:
        """Return both, to close them."""
        return self._brief, self._held

    def _fill(self) -> None:
        self._brief, self._held = self._make(_BRIEF), self._make(_HELD)
        self._by = os.getpid()
