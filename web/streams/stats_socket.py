"""`WS /ws/stats`: the service in numbers, pushed.

Owns the WebSocket route: what is refused before the 101 (origin and key are refused earlier, in
`security`), the frames, and the end of a socket. The rhythm is `feed`'s, the bytes are `line`'s.
The feed is read-only: what a client sends is dropped, and too much of it ends the socket.
"""

import base64
import binascii
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
from web.http.problems import problem_body, request_id
from web.http.redis_deadline import LIMIT_S
from web.http.responses import to_json, write_json
from web.http.shutdown import when_stopping
from web.queues.schemas import StatsView
from web.streams.client_connection import MAX_FRAME_BYTES, Line
from web.streams.feed import Feed

log = logging.getLogger("duckline.web.push")

MAX_SOCKETS = 2000
PERIOD_S = 2.0
#: A larger message from a client, in one frame or several, ends its socket with 1009, in bytes.
MAX_MESSAGE_BYTES = MAX_FRAME_BYTES
#: Seconds between pings; a client that has not answered one by the next is gone.
PING_S = 20.0
_HANDSHAKE = frozenset(
    {"HTTP_UPGRADE", "HTTP_CONNECTION", "HTTP_SEC_WEBSOCKET_KEY", "HTTP_SEC_WEBSOCKET_VERSION"}
)
_FAREWELL_S = 2.0

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
    """Read the statistics as one frame; what keeps them away is a frame too.

    A client that misses a `seq`, or sees another `epoch`, knows that it has missed something.
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
    """Refuse, as plain HTTP, what cannot become a socket; wrap the connection of what can."""
    if request.headers.get("Sec-WebSocket-Version") != "13":
        raise UpgradeRequired("Only version 13 of WebSocket is spoken here.")
    if not _is_nonce(request.headers.get("Sec-WebSocket-Key", "")):
        raise BadRequest
    feed = _feed()
    if feed.stopping:
        raise TooManySockets("This process is stopping; connect again.")
    if feed.listeners >= MAX_SOCKETS:
        raise TooManySockets(f"This process holds {MAX_SOCKETS} sockets, which is its limit.")
    _keep_only_the_handshake(request.environ)
    below = request.environ["gunicorn.socket"]
    request.environ["gunicorn.socket"] = Line(getattr(below, "raw", below))


@_sock.route("/ws/stats", bp=push)
def stats_socket(ws: Server) -> None:
    """Send the latest frame at once, and each new one, until either side ends it."""
    feed, line = _feed(), cast(Line, ws.sock)
    try:
        with feed.listen(ws.event.set):
            _send_frames(ws, feed)
        if feed.stopping:
            ws.close(CloseReason.SERVICE_RESTART, "the service restarts")
    except ConnectionClosed as end:
        log.debug("socket %s closed: %s", request_id(), excerpt(str(end)))
    except OSError as error:
        log.info("socket %s dropped: %s", request_id(), error)
        line.abort()
    # gunicorn closes the connection when we return: the close frame has to be out by then.
    cast(threading.Thread, ws.thread).join(_FAREWELL_S)


def _send_frames(ws: Server, feed: Feed) -> None:
    sent = 0
    while ws.connected and not feed.stopping:
        frame = feed.latest
        if frame is not None and frame.number != sent:
            ws.send(frame.text)
            sent = frame.number
            continue
        ws.event.wait()
        ws.event.clear()
        ws.input_buffer.clear()


def _feed() -> Feed:
    return cast(Feed, current_app.extensions["duckline_feed"])


def _keep_only_the_handshake(environ: dict[str, Any]) -> None:
    """Drop what simple-websocket would replay through a second parser, with limits of its own.

    Among it is the offer to compress: that costs 300 KB a socket, and lets 4 KB grow to megabytes.
    """
    for name in [name for name in environ if name.startswith("HTTP_")]:
        if name not in _HANDSHAKE:
            del environ[name]
    environ["HTTP_HOST"] = "duckline"


def _is_nonce(key: str) -> bool:
    try:
        return len(base64.b64decode(key, validate=True)) == 16
    except binascii.Error:
        return False
