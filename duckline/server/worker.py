"""gunicorn's gevent worker, with every connection behind a `Wire` and in a `Crowd`.

Owns the loop of one connection. It supports neither HTTP/2 nor TLS; a proxy in front does.
"""

import datetime as dt
import errno
import logging
import resource
import time
from functools import partial
from typing import Any, cast

import gevent
from gevent.server import StreamServer
from gunicorn.http import wsgi
from gunicorn.http.errors import NoMoreData, ParseException
from gunicorn.workers.ggevent import GeventWorker

from duckline.server import refusal
from duckline.server.answer import Answer
from duckline.server.crowd import Crowd
from duckline.server.requests import Requests
from duckline.server.wire import SlowClient, Wire
from huey_tasks.config import Config

# gunicorn's type stubs omit a parameter that we use.
_create: Any = wsgi.create
_access = logging.getLogger("gunicorn.access")

#: Descriptors reserved for other uses than clients: Redis, logs, static files.
OTHER_FILES = 256
#: One turn of the loop accepts one new connection per this many open ones.
_NEW_SHARE = 4
#: Extra places for connections that are closing, so that they do not keep new ones out.
_CLOSING = 1024
#: Seconds that a new connection waits for a place, and between two looks. After a burst no client
#: keeps us waiting yet, so none can be displaced before the requests of the burst have been read.
_PLACE_S, _LOOK_S = 1.0, 0.1
_GONE = frozenset({errno.EPIPE, errno.ECONNRESET, errno.ENOTCONN, errno.EBADF, errno.ETIMEDOUT})


class _Listener(StreamServer):
    """Accepts one connection per turn of the loop while few are open, and more when many are.

    gunicorn accepts one, so that its processes share clients evenly. But a turn serves all open
    connections: with hundreds of them, new clients would wait for seconds.
    """

    @property
    def max_accept(self) -> int:  # type: ignore[override]
        return max(1, len(self.pool or ()) // _NEW_SHARE)


class _Settings:
    """gunicorn's settings, each found once; gunicorn searches for 20 of them at each request."""

    def __init__(self, found: Any) -> None:
        self._found = found

    def __getattr__(self, name: str) -> Any:
        value = vars(self)[name] = getattr(self._found, name)
        return value


class Worker(GeventWorker):
    """Serves connections within their limits."""

    def init_process(self) -> None:
        config = Config.from_env()
        limit = min(self.worker_connections, files() - OTHER_FILES)
        self._crowd = Crowd(limit, min(config.max_connections_per_address, limit))
        self._body_s = config.body_timeout_s
        self.worker_connections = limit + _CLOSING
        self.cfg = cast(Any, _Settings(self.cfg))
        super().init_process()

    def _accept(self, listener: Any, *, spawn: Any, **for_pywsgi: Any) -> StreamServer:
        """Accept connections of one listening socket; gunicorn calls it once per socket."""
        return _Listener(listener, handle=partial(self.handle, listener), spawn=spawn)

    server_class = cast(Any, _accept)  # gunicorn expects a class, but only calls it

    def notify(self) -> None:
        super().notify()
        if not self.alive:
            self._crowd.close_idle()

    def handle(self, listener: Any, client: Any, addr: Any) -> None:
        """Serve one connection until either side closes it."""
        address = addr[0] if isinstance(addr, tuple) else ""
        wire = Wire(
            client, address, self._crowd, idle_s=float(self.cfg.keepalive), body_s=self._body_s
        )
        if not self._finds_place(wire):
            self._refuse(wire, addr, "service_busy", "Too many connections are open.")
            client.close()
            return
        try:
            self._serve(listener.getsockname(), wire, addr)
        finally:
            wire.close()
            self._crowd.leave(wire)

    def _finds_place(self, wire: Wire) -> bool:
        ends = time.monotonic() + _PLACE_S
        while not self._crowd.enter(wire):
            if time.monotonic() >= ends:
                return False
            gevent.sleep(_LOOK_S)
        return True

    def _serve(self, listener_name: Any, wire: Wire, addr: Any) -> None:
        requests, of_proxy = Requests(self.cfg, wire, addr), {}
        try:
            for request in requests:
                # The head of the PROXY protocol comes once, with the first request.
                of_proxy = request.proxy_protocol_info or of_proxy
                request.proxy_protocol_info = of_proxy
                self._answer(listener_name, request, wire, addr)
        except (StopIteration, NoMoreData):
            wire.lingers = requests.leaves_bytes()
        except (SlowClient, ParseException) as error:
            if not isinstance(error, SlowClient) or requests.mesg is None:
                self._refuse_error(wire, addr, error, requests)
        except OSError as error:
            if error.errno not in _GONE:
                self.log.exception("a connection failed")
        except Exception as error:
            self._refuse_error(wire, addr, error, requests)
        else:
            wire.lingers = requests.leaves_bytes()

    def _answer(self, listener_name: Any, request: Any, wire: Wire, addr: Any) -> None:
        """Answer one request, as gunicorn does, with an `Answer` and without its hooks.

        Raises StopIteration when the connection ends.
        """
        begun, answer = dt.datetime.now(), None
        try:
            answer, environ = _create(
                request, wire, addr, listener_name, self.cfg, response_class=Answer
            )
            environ["wsgi.multithread"] = True
            self.nr += 1
            if self.nr >= self.max_requests:
                self.alive = False
            if not (self.alive and self.cfg.keepalive):
                answer.force_close()
            pieces: Any = cast(Any, self.wsgi)(environ, answer.start_response)
            try:
                _send(answer, pieces)
            finally:
                self.log.access(answer, request, environ, dt.datetime.now() - begun)
                if (close := getattr(pieces, "close", None)) is not None:
                    close()
        except (StopIteration, OSError):
            raise
        except (gevent.GreenletExit, SystemExit) as end:
            self.log.debug("a request was ended: %r", end)
            wire.abort()  # the next answer would be read as the rest of this one
            raise StopIteration from None
        except Exception:
            if answer is None or not answer.headers_sent:
                raise
            self.log.exception("a request failed")  # an error would be read as the rest of it
            wire.abort()
            raise StopIteration from None
        if answer.should_close():
            raise StopIteration

    def _refuse_error(self, wire: Wire, addr: Any, error: Exception, requests: Requests) -> None:
        known = refusal.code_of(error)
        request = requests.mesg if known is None else getattr(error, "req", None)
        request_id = refusal.request_id(getattr(request, "headers", ()))  # some have a text there
        if known is None:
            self.log.error("a request failed", exc_info=error, extra={"request_id": request_id})
        self._refuse(wire, addr, *(known or ("internal_error", "")), request_id)

    def _refuse(
        self, wire: Wire, addr: Any, code: str, detail: str, request_id: str | None = None
    ) -> None:
        status, answer = refusal.answer(code, detail, request_id or refusal.request_id())
        client = addr[0] if isinstance(addr, tuple) else addr
        _access.info("refused %s with %d: %s", client, status, detail or code)
        try:
            wire.sendall(answer)
            wire.lingers = True
        except OSError as error:
            self.log.debug("the client did not receive its refusal: %s", error)


def _send(answer: Any, pieces: Any) -> None:
    if isinstance(pieces, wsgi.FileWrapper):
        answer.write_file(pieces)
    else:
        for piece in pieces:
            answer.write(piece)
    answer.close()


def files() -> int:
    """Raise the limit of open files as far as the system allows; return it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        wanted = 65536 if hard == resource.RLIM_INFINITY else hard
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        soft = wanted
    return soft if soft != resource.RLIM_INFINITY else 65536
