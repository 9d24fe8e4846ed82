"""Check whether a child is ready: an HTTP GET or a Redis PING, with the standard library only.

The stack imports neither Flask nor redis, so that it starts fast and stays small.
"""

import asyncio
import json
from typing import cast

from duckline.stack.process import Probe

TIMEOUT_S = 4.0  # longer than the web service itself waits for Redis


def http_answers(host: str, port: int, path: str, *, api_key: str | None = None) -> Probe:
    """Make a probe that succeeds on a 200 for GET `path`, sent with `api_key` if given."""
    headers = [f"Host: {_bracketed(host)}:{port}", "Connection: close"]
    if api_key is not None:
        headers.append(f"Authorization: Bearer {api_key}")
    request = "\r\n".join([f"GET {path} HTTP/1.1", *headers, "", ""])

    async def probe() -> str | None:
        try:
            async with asyncio.timeout(TIMEOUT_S):
                reader, writer = await asyncio.open_connection(host, port)
                answer = await _exchange(reader, writer, request.encode())
        except (OSError, TimeoutError) as error:
            return f"no answer from port {port} ({str(error) or type(error).__name__})"
        head, _, body = answer.partition(b"\r\n\r\n")
        status = head.split(b" ", 2)[1:2]
        if status == [b"200"]:
            return None
        return f"GET {path} returns {b''.join(status).decode('ascii', 'replace')}{_reasons(body)}"

    return probe


def redis_answers(socket_path: str) -> Probe:
    """Make a probe that succeeds when Redis answers PING and has loaded its data."""

    async def probe() -> str | None:
        try:
            async with asyncio.timeout(TIMEOUT_S):
                reader, writer = await asyncio.open_unix_connection(socket_path)
                answer = await _exchange(reader, writer, b"PING\r\nQUIT\r\n")
        except (OSError, TimeoutError) as error:
            return f"no answer on {socket_path} ({str(error) or type(error).__name__})"
        line = answer.split(b"\r\n", 1)[0]
        return None if line == b"+PONG" else line.decode("utf-8", "replace").lstrip("-")

    return probe


async def _exchange(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes
) -> bytes:
    try:
        writer.write(request)
        await writer.drain()
        return await reader.read(-1)  # until the server closes, as the request asks
    finally:
        writer.close()


def _reasons(body: bytes) -> str:
    """Quote the reasons of the health check, if the body has them."""
    try:
        answer: object = json.loads(body)
    except ValueError:
        return ""
    if not isinstance(answer, dict):
        return ""
    reasons = cast(dict[str, object], answer).get("reasons")
    return f": {'; '.join(map(str, cast(list[object], reasons)))}" if reasons else ""


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
