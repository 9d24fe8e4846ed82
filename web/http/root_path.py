"""Serve under a path of a proxy, such as `/jobs`.

The path is ROOT_PATH, or the X-Forwarded-Prefix of a proxy on this machine. It becomes WSGI's
SCRIPT_NAME, the start of every address that we write; routes do not know it.
"""

import ipaddress
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

from flask import request

from huey_tasks.config import PATH_PREFIX

Environ = dict[str, Any]
Wsgi = Callable[[Environ, Any], Iterable[bytes]]


class UnderRootPath:
    """A WSGI application under a path of its proxy."""

    def __init__(self, application: Wsgi, root_path: str) -> None:
        """Wrap `application`. An empty `root_path` leaves the path to the proxy, if any."""
        self._application = application
        self._root_path = root_path

    def __call__(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        root = self._root_path
        if not root and "HTTP_X_FORWARDED_PREFIX" in environ:
            root = _said_by_proxy(environ)
        if root:
            environ["SCRIPT_NAME"] = root
            path: str = environ["PATH_INFO"]
            # Some proxies strip the prefix, others pass the whole path.
            if path == root or path.startswith(f"{root}/"):
                environ["PATH_INFO"] = path[len(root) :] or "/"
        return self._application(environ, start_response)


def address(path: str, environ: Environ | None = None) -> str:
    """Return the address at which the caller of this request reaches `path`.

    `environ`: that of the request, outside of Flask.
    """
    known = request.environ if environ is None else environ
    return known.get("SCRIPT_NAME", "") + path


def _said_by_proxy(environ: Environ) -> str:
    """Return the prefix; '' if another machine sent it, or if it is not a plain path."""
    prefix: str = environ["HTTP_X_FORWARDED_PREFIX"].strip().rstrip("/")
    proper = PATH_PREFIX.fullmatch(prefix) is not None
    return prefix if proper and _is_this_machine(environ.get("REMOTE_ADDR", "")) else ""


@lru_cache(maxsize=256)
def _is_this_machine(address: str) -> bool:
    """Whether the peer is on this machine; over a Unix socket it has no address."""
    try:
        return not address or ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
