"""`WS /ws/stats`: push the statistics.

Owns the WebSocket route: what it refuses before the 101 (`http.security` refuses origins and keys
earlier), the frames, and the end of a socket. `feed` reads every two seconds, `client_connection`
sends the bytes. The feed is read-only: what a client sends is dropped, and too much of it ends the
socket.
"""

import base64
import logging
import threading
from datetime import UTC, datetime
from typing import Any, cast

from flask import Blueprint, Flask, current_app, request
from flask_sock import Sock
from simple_websocket import ConnectionClosed, Server
from werkzeug.exceptions import BadRequest
from wsproto.frame_protocol import CloseReason

import huey_tasks as tq
from web.http.errors import TooManySockets, UpgradeRequired, excerpt
from web.http.identity import identity
from web.http.problems import problem_body, request_id
from web.http.redis_deadline import LIMIT_S
from web.http.responses import to_json, write_json
from web.http.shutdown import when_stopping
from web.http.traffic import sockets
from web.monitoring.stats_schemas import StatsView
from web.streams.client_connection import MAX_FRAME_BYTES, ClientConnection
from web.streams.feed import Feed

log = logging.getLogger("duckline.web.push")

MAX_SOCKETS = 2000
PERIOD_S = 2.0
#: Bytes. A larger message from a client, in one frame or several, ends its socket with 1009.
MAX_MESSAGE_BYTES = MAX_FRAME_BYTES
#: Seconds between pings; a client that has not answered one by the next is dropped.
PING_S = 20.0
_HANDSHAKE = frozenset(
    {"HTTP_UPGRADE", "HTTP_CONNECTION", "HTTP_SEC_WEBSOCKET_KEY", "HTTP_SEC_WEBSOCKET_VERSION"}
)
_FAREWELL_S = 2.0
#: The close code of a socket whose key or session holds no more; 4000 to 4999 are for applications.
KEY_IS_GONE = 4401
WHY_GONE = "the key was revoked or has expired, or its session has ended"

push = Blueprint("push", __name__)
_sock = Sock()


def register(app: Flask) -> None:
    """Add `/ws/stats` to `app`, with a feed of its own."""
    feed = Feed(stats_frame, PERIOD_S)
    when_stopping(feed.stop)
    app.extensions["duckline_feed"] = feed
    app.config["SOCK_SERVER_OPTIONS"] = {
        "max_message_size": MAX_MESSAGE_BYTES,
        "ping_interval": PING_S,
    }
    app.register_blueprint(push)


def stats_frame(seq: int, epoch: str) -> str:
    """Return the statistics as one frame, or the problem that prevents reading them.

    A client that sees a gap in `seq`, or another `epoch`, has missed something.
    """
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    try:
        with tq.time_limit(LIMIT_S):
            return to_json(StatsView.of(tq.stats()), ts=now, seq=seq, epoch=epoch)
    except tq.QueueUnavailable as error:
        problem = problem_body(
            error.code, error.detail, instance="/ws/stats", retry_after_s=error.retry_after_s
        )
        return write_json({"error": problem, "ts": now, "seq": seq, "epoch": epoch})


@push.before_request
def check_handshake() -> None:
    """Refuse invalid handshakes as plain HTTP; wrap the connection of a valid one."""
    if request.headers.get("Sec-WebSocket-Version") != "13":
        raise UpgradeRequired("The only supported version of WebSocket is 13.")
    if not _is_nonce(request.headers.get("Sec-WebSocket-Key", "")):
        raise BadRequest
    feed = _feed()
    if feed.stopping:
        raise TooManySockets("This process is stopping; reconnect.")
    if feed.listeners >= MAX_SOCKETS:
        raise TooManySockets(f"This process has reached its limit of {MAX_SOCKETS} sockets.")
    _keep_only_the_handshake(request.environ)
    below = request.environ["gunicorn.socket"]
    request.environ["gunicorn.socket"] = ClientConnection(getattr(below, "raw", below))


@_sock.route("/ws/stats", bp=push)
def stats_socket(ws: Server) -> None:
    """Send the latest frame at once, then each new one, until either side closes the socket."""
    feed, line = _feed(), cast(ClientConnection, ws.sock)
    try:
        with feed.listen(ws.event.set), sockets.track_inprogress():
            may_go_on = _send_frames(ws, feed)
        if not may_go_on:
            ws.close(cast(CloseReason, KEY_IS_GONE), WHY_GONE)
        if feed.stopping:
            ws.close(CloseReason.SERVICE_RESTART, "the service restarts")
    except ConnectionClosed as end:
        log.debug("socket %s closed: %s", request_id(), excerpt(str(end)))
    except OSError as error:
        log.info("socket %s dropped: %s", request_id(), error)
        line.abort()
    # gunicorn closes the connection when we return: the close frame must be sent before.
    cast(threading.Thread, ws.thread).join(_FAREWELL_S)


def _send_frames(ws: Server, feed: Feed) -> bool:
    """Send frames until one side closes; False when the caller may not go on: each tick asks."""
    sent, caller = 0, identity().caller()
    while ws.connected and not feed.stopping:
        if not caller.may_go_on():
            return False
        frame = feed.latest
        if frame is not None and frame.number != sent:
            ws.send(frame.text)
            sent = frame.number
            continue
        ws.event.wait()
        ws.event.clear()
        ws.input_buffer.clear()
    return True


def _feed() -> Feed:
    return cast(Feed, current_app.extensions["duckline_feed"])


def _keep_only_the_handshake(environ: dict[str, Any]) -> None:
    """Drop headers that simple-websocket would parse a second time, with limits of its own.

    One of them offers compression, which costs 300 KB a socket and lets 4 KB expand to megabytes.
    """
    for name in [name for name in environ if name.startswith("HTTP_")]:
        if name not in _HANDSHAKE:
            del environ[name]
    environ["HTTP_HOST"] = "duckline"


def _is_nonce(key: str) -> bool:
    try:
        return len(base64.b64decode(key, validate=True)) == 16
    except ValueError:  # not ASCII, or not base64
        return False
