"""Where a webhook may go: the rules of its URL, and of the address that its host resolves to.

A caller names the URL, and this service connects to it from inside of a network. So a target is
public, or the operator has named its host in WEBHOOK_ALLOWED_HOSTS. Resolves no name.
"""

import ipaddress
import re
from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import SplitResult, urlsplit

from huey_tasks.errors import Problem

#: Characters of a URL.
MAX_URL = 2048

#: What may be in a URL: visible ASCII, without what parsers read in more than one way.
_CHARACTERS = re.compile(r"[!#-;=?-\[\]_a-z~]+")

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address

#: IPv6 addresses that lead to the IPv4 address in their last 32 bits.
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")

#: The IPv6 addresses that are assigned for use on the internet (RFC 4291), and of these the ones
#: for documentation (RFC 9637), which not every Python knows.
_UNICAST, _DOCUMENTATION = ipaddress.IPv6Network("2000::/3"), ipaddress.IPv6Network("3fff::/20")


class Target(NamedTuple):
    """Host and port of a URL; the host in lower case, an IPv6 address without brackets."""

    host: str
    port: int


def target_of(url: str) -> Target:
    """Return where a URL leads that `target_problems` accepts."""
    parts = urlsplit(url)
    host = (parts.hostname or "").lower().rstrip(".")
    return Target(host, parts.port or (443 if parts.scheme.lower() == "https" else 80))


def target_problems(url: object, allowed: Sequence[str], field: str) -> list[Problem]:
    """Return what is wrong with a URL, with the field as pointer; an empty list: nothing."""
    problem = _url_problem(url) or _host_problem(str(url), allowed)
    return [Problem(f"/{field}", *problem)] if problem else []


def is_allowed(target: Target, allowed: Sequence[str]) -> bool:
    """Return whether the operator has named this host, so that its address does not matter."""
    host, port = target
    shown = f"[{host}]" if ":" in host else host
    for entry in allowed:
        name, of_port = _entry(entry)
        if of_port is not None and of_port != port:
            continue
        if name == shown or (name.startswith("*.") and shown.endswith(name[1:])):
            return True
    return False


def is_public(address: str) -> bool:
    """Return whether an IP address is one of the public internet."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    return _is_reachable(found) and all(map(_is_reachable, _inner(found)))


def _is_reachable(address: _Address) -> bool:
    if isinstance(address, ipaddress.IPv4Address):
        return address.is_global and not address.is_multicast
    if address.ipv4_mapped is not None or address in _NAT64:
        return True  # by the address in it
    return address.is_global and address in _UNICAST and address not in _DOCUMENTATION


def refusal(host: str, address: str) -> str:
    """Say why an address is refused, and which setting would allow it."""
    shown = f"[{host}]" if ":" in host else host
    what = f"'{shown[:64]}' is" if address == host else f"'{shown[:64]}' resolves to {address},"
    return f"{what} no public address; WEBHOOK_ALLOWED_HOSTS={shown[:64]} would allow it."


def _entry(entry: str) -> tuple[str, int | None]:
    name, colon, port = entry.rpartition(":")
    if colon and port.isdigit() and not (entry.startswith("[") and not name.endswith("]")):
        return name, int(port)
    return entry, None


def _url_problem(url: object) -> tuple[str, str] | None:
    if not isinstance(url, str) or not 0 < len(url) <= MAX_URL or not _CHARACTERS.fullmatch(url):
        return "url", (
            f"It is a URL of at most {MAX_URL} visible ASCII characters; others are escaped."
        )
    parts = _split(url)
    if parts is None or not parts.hostname:
        return "url", "It is a URL with a host, and a port from 1 to 65535, if any."
    if parts.scheme.lower() not in ("http", "https"):
        return "url_scheme", "Only http:// and https:// are possible."
    if "@" in parts.netloc:
        return "url_credentials", (
            "A URL with a user name or password is not accepted: the signature says who sends."
        )
    if parts.fragment or url.endswith("#"):
        return "url", "A URL with a fragment (#) is not accepted: it is never sent."
    if not _is_host(parts.hostname):
        return "url", "Its host is no host name and no IP address."
    return None


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        return None if parts.port == 0 else parts
    except ValueError:  # brackets, or a port that is no number
        return None


def _is_host(host: str) -> bool:
    if ":" in host:
        return "%" not in host
    return re.fullmatch(r"(?!-)[A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63})*\.?", host) is not None


def _host_problem(url: str, allowed: Sequence[str]) -> tuple[str, str] | None:
    """Refuse at once what needs no look at DNS; the sender checks every address again."""
    target = target_of(url)
    if is_allowed(target, allowed):
        return None
    host = target.host
    is_local = host == "localhost" or host.endswith(".localhost")
    try:
        ipaddress.ip_address(host)
        is_refused = not is_public(host)
    except ValueError:
        is_refused = is_local
    return ("url_host", refusal(host, host)) if is_refused else None


def _inner(address: _Address) -> list[_Address]:
    """Return the IPv4 addresses that an IPv6 address leads to."""
    if not isinstance(address, ipaddress.IPv6Address):
        return []
    found: list[_Address] = []
    if address.ipv4_mapped is not None:
        found.append(address.ipv4_mapped)
    if address.sixtofour is not None:
        found.append(address.sixtofour)
    if address.teredo is not None:
        found += address.teredo
    if address in _NAT64:
        found.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    return found
