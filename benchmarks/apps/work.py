"""What every system's tasks do; runs in the environments of the peers, so it needs only Python.

A task gets one payload of about 200 bytes as JSON, whatever it does with it.
"""

import os
import socket
import time

_BODY = "Your order has left our house and will be with you in two or three days. " * 2


#: Seconds that a `nap` takes.
NAP_S = 0.15


def payload(n, seconds=0.0):
    """Return the payload of task number `n`; `seconds` is how long `rest` and `stamp` take."""
    return {"n": n, "seconds": seconds, "to": f"customer-{n:06}@example.org", "body": _BODY[:140]}


def noop(payload):
    """Do nothing, and return something to be stored."""
    return {"n": payload["n"]}


def rest(payload):
    """Take the seconds that the payload says, and return what `noop` returns."""
    time.sleep(payload["seconds"])
    return {"n": payload["n"]}


def stamp(payload):
    """Return when this began (Unix seconds), after taking the seconds that the payload says."""
    began_at = time.time()
    if payload["seconds"]:
        time.sleep(payload["seconds"])
    return began_at


def nap(payload):
    """Take 150 ms and leave a line in the ledger before and after them."""
    note("begin", payload["n"])
    time.sleep(NAP_S)
    note("end", payload["n"])
    return {"n": payload["n"]}


def fetch(payload):
    """Wait for the answer of `slow_server.py`, as tasks do that call other services."""
    port = int(os.environ["BENCH_SERVER_PORT"])
    with socket.create_connection(("127.0.0.1", port), timeout=30) as server:
        if server.recv(1) != b"!":
            raise ConnectionError("the server has not answered")
    return {"n": payload["n"]}


def note(what, n):
    """Append one line in one write, which O_APPEND makes atomic on a local disk."""
    ledger = os.open(os.environ["BENCH_LEDGER"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(ledger, f"{what} {n} {os.getpid()} {time.time():.6f}\n".encode())
    finally:
        os.close(ledger)
