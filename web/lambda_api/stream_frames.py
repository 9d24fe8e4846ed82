"""Frames of AWS's event streams (application/vnd.amazon.eventstream)."""

import struct
import zlib

_HEAD = struct.Struct(">II")
_CRC = struct.Struct(">I")
_TEXT_TYPE = 7  # of a header's value
MEDIA_TYPE = "application/vnd.amazon.eventstream"


def frame(event_type: str, content_type: str, payload: bytes) -> bytes:
    """Return one event as a frame."""
    headers = b"".join(
        _header(name, value)
        for name, value in (
            (":event-type", event_type),
            (":content-type", content_type),
            (":message-type", "event"),
        )
    )
    head = _HEAD.pack(_HEAD.size + 2 * _CRC.size + len(headers) + len(payload), len(headers))
    message = head + _CRC.pack(zlib.crc32(head)) + headers + payload
    return message + _CRC.pack(zlib.crc32(message))


def _header(name: str, value: str) -> bytes:
    return (
        struct.pack(">B", len(name))
        + name.encode()
        + struct.pack(">BH", _TEXT_TYPE, len(value))
        + value.encode()
    )
