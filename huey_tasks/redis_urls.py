"""The URLs of Redis that settings take: one server, or a master that Sentinels name.

    redis://[user:password@]host[:port][/db]      rediss:// for TLS
    unix://[user:password@]/path.sock[?db=0]
    redis+sentinel://[user:password@]host[:port][,host[:port]…]/service[/db]      rediss+sentinel://

What has a meaning in a URL (`@ : / # ? %`) is written %-escaped in a password. Behind the `?` come
only the options in OPTIONS: others would change what is read, or limits that are Duckline's own.

Splits them and checks their form; `connection` connects. The form for Sentinels is
the one that other Python tools use (redis-sentinel-url, docket, Prefect).
"""

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode, urlsplit

SENTINEL_PORT = 26379

#: The options behind the `?`, besides those that begin with `ssl_` or, for Sentinels, `sentinel_`.
OPTIONS = frozenset({"db", "username", "password", "socket_keepalive", "health_check_interval"})

_UNESCAPED = re.compile(r"%(?![0-9a-fA-F]{2})")
_HOST = re.compile(r"(?:\[(?P<v6>[0-9a-fA-F:.%]+)\]|(?P<name>[^\[\]:,/@]+))(?::(?P<port>\d{1,5}))?")
_SECRETS = re.compile(r"(password=)[^&]*", re.IGNORECASE)


@dataclass(frozen=True)
class SentinelUrl:
    """The name of a master, and the Sentinels that know its address."""

    sentinels: tuple[tuple[str, int], ...]
    service: str
    #: The URL for one server, whose host has no meaning: its credentials, database and options.
    master: str
    #: Credentials and the like for the Sentinels themselves: the options `sentinel_…`.
    sentinel_options: tuple[tuple[str, str], ...]


def check(url: str) -> str:
    """Return a URL that has one of the forms; raises ValueError."""
    scheme = url.partition("://")[0]
    _check_marks(url)
    if is_sentinel(url):
        split_sentinel(url)
    elif scheme in ("redis", "rediss"):
        parts = urlsplit(url)
        _ = parts.port  # raises for one that is no number
        if not re.fullmatch(r"/?|/\d+/?", parts.path):
            raise ValueError("the path is not the number of a database")
    elif scheme != "unix" or not urlsplit(url).path:
        raise ValueError("not a URL of Redis")
    return url


def _check_marks(url: str) -> None:
    """Raise ValueError for what a password that is not escaped leaves, and for unknown options.

    The text behind its `@`, `#` or `?` would be read as a host, or ignored.
    """
    place, _, query = url.partition("://")[2].partition("?")
    if "#" in url or place.count("@") > 1 or _UNESCAPED.search(place):
        raise ValueError("a mark in the password is not escaped")
    families = ("ssl_", "sentinel_") if is_sentinel(url) else ("ssl_",)
    for name, _ in parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query)):
        if name not in OPTIONS and not name.startswith(families):
            raise ValueError("an option that Duckline does not take")


def is_sentinel(url: str) -> bool:
    """Return whether the URL names Sentinels."""
    return url.startswith(("redis+sentinel://", "rediss+sentinel://"))


def split_sentinel(url: str) -> SentinelUrl:
    """Return the parts of a Sentinel URL; raises ValueError. (urlsplit takes no list with IPv6.)"""
    scheme, _, rest = url.partition("://")
    place, _, query = rest.partition("?")
    userinfo, at, place = place.rpartition("@")
    hosts, _, path = place.partition("/")
    service, _, database = path.rstrip("/").partition("/")
    if not service or not (database or "0").isdecimal():
        raise ValueError("it does not name a service, or the database is no number")
    options = parse_qsl(query, keep_blank_values=True)
    own = [(name, value) for name, value in options if not name.startswith("sentinel_")]
    scheme = scheme.removesuffix("+sentinel")
    return SentinelUrl(
        sentinels=tuple(_host_and_port(host) for host in hosts.split(",")),
        service=service,
        master=f"{scheme}://{userinfo}{at}master/{database or 0}?{urlencode(own)}",
        sentinel_options=tuple(
            (name.removeprefix("sentinel_"), value)
            for name, value in options
            if name.startswith("sentinel_")
        ),
    )


def with_database(url: str, database: int) -> str:
    """Return `url` pointing at another database of the same Redis server."""
    base, _, query = url.partition("?")
    options = dict(parse_qsl(query, keep_blank_values=True))
    if is_sentinel(url):
        options.pop("db", None)
        service = split_sentinel(url).service
        base = f"{base[: base.index('/', base.index('://') + 3)]}/{service}/{database}"
        return f"{base}?{urlencode(options)}" if options else base
    if base.startswith("unix://") or "db" in options:
        return f"{base}?{urlencode({**options, 'db': str(database)})}"
    return urlsplit(url)._replace(path=f"/{database}").geturl()


def is_same_server(one: str, other: str) -> bool:
    """Return whether two URLs differ in their databases at most: one connection reaches both."""
    return with_database(one, 0) == with_database(other, 0)


def without_secrets(url: str) -> str:
    """Return the URL as it may be shown: without credentials."""
    scheme, _, rest = url.partition("://")
    place, mark, query = rest.partition("?")
    shown = _SECRETS.sub(r"\1…", query)
    return f"{scheme}://{place.rpartition('@')[2]}{mark}{shown}"


def _host_and_port(text: str) -> tuple[str, int]:
    found = _HOST.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is not a host and a port")
    port = int(found["port"] or SENTINEL_PORT)
    if not 0 < port < 65536:
        raise ValueError(f"{port} is not a port")
    return found["v6"] or found["name"], port
