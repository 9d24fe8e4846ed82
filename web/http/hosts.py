"""Decide which host names are ours.

A page of another site can make its own name point at this machine after it was loaded (DNS
rebinding). The browser then treats our answers as that page's own, and no cross-site check sees the
attack. Only the Host header gives it away. It cannot be an IP address or `localhost`, because no
other site's pages come from there.
"""

import ipaddress
import re
from dataclasses import dataclass
from functools import lru_cache

from werkzeug.routing import Map
from werkzeug.wsgi import get_host

from huey_tasks.config import Config
from web.http.errors import UnknownHost

_HOST = re.compile(r"(?:\[(?P<v6>[0-9a-f:.]+)\]|(?P<name>[^:\[\]]+))(?::[0-9]*)?")


@dataclass(frozen=True)
class HostNames:
    """Our host names, in lower case."""

    names: frozenset[str]

    @classmethod
    def of(cls, config: Config) -> "HostNames | None":
        """Read the names from the settings; None when API keys are set and no name is.

        A browser keeps a key for one host name, so a page of another name does not have it.
        """
        if config.api_keys and not config.allowed_hosts:
            return None
        names = ("localhost", config.host, *config.allowed_hosts)
        return cls(frozenset(name.rstrip(".").lower() for name in names))

    def check(self, host: str) -> None:
        """Raise UnknownHost unless `host`, a Host header, is ours; without one it is no browser."""
        if not host or self._is_ours(host.lower()):
            return
        raise UnknownHost("This service is not configured for this host name; see ALLOWED_HOSTS.")

    def _is_ours(self, host: str) -> bool:
        found = _HOST.fullmatch(host)
        if found is None:
            return False
        name = found["v6"] or found["name"].rstrip(".")
        return name in self.names or _is_address(name)


@lru_cache(maxsize=256)
def host_of(scheme: str, sent: str) -> tuple[str, str]:
    """Return the host of a request, and the name under which routes are bound. Raises BadHost."""
    environ = {"wsgi.url_scheme": scheme, "HTTP_HOST": sent, "REQUEST_METHOD": "GET"}
    return get_host(environ), Map().bind_to_environ(environ).server_name


@lru_cache(maxsize=64)
def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
