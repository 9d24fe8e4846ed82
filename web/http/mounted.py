"""Applications beside ours under paths of their own, each with its own rules."""

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from web.http.root_path import Environ, Wsgi


def always(environ: Environ) -> bool:
    """Return True: all requests of the paths."""
    return True


class Mount(NamedTuple):
    """An application, and the paths that it answers; the pattern fits their beginning.

    `takes` decides by the rest of the request, where a path is one of ours, too.
    """

    paths: re.Pattern[str]
    application: Wsgi
    takes: Callable[[Environ], bool] = always


class Mounted:
    """A WSGI application with others beside it."""

    def __init__(self, application: Wsgi, mounts: Sequence[Mount]) -> None:
        self._application, self._mounts = application, tuple(mounts)

    def __call__(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        path: str = environ["PATH_INFO"]
        for mount in self._mounts:
            if mount.paths.match(path) and mount.takes(environ):
                return mount.application(environ, start_response)
        return self._application(environ, start_response)
