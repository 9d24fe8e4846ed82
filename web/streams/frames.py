"""Read the headers of a WebSocket client's frames before their payload arrives.

wsproto checks the size of a message only when parts of it have arrived. A frame's header contains
its length (RFC 6455, section 5.2), so a frame that is too long is detected here by its first bytes.
"""


class FrameHeaders:
    """Follows the stream of one client and detects frames longer than `limit` bytes."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._header = bytearray()
        self._payload_left = 0

    def feed(self, data: bytes) -> bool:
        """Read the next bytes; return False as soon as a header announces more than the limit."""
        at = 0
        while at < len(data):
            if self._payload_left:
                skipped = min(self._payload_left, len(data) - at)
                self._payload_left -= skipped
                at += skipped
                continue
            self._header.append(data[at])
            at += 1
            length = self._length()
            if length is None:
                continue
            if length > self._limit:
                return False
            self._header.clear()
            self._payload_left = length
        return True

    def _length(self) -> int | None:
        """Return the payload's length when the header is complete, earlier if it is too long."""
        header = self._header
        if len(header) < 2:
            return None
        short, mask = header[1] & 0x7F, 4 if header[1] & 0x80 else 0
        extended = {126: 2, 127: 8}.get(short, 0)
        if len(header) < 2 + extended:
            return None
        length = int.from_bytes(header[2 : 2 + extended]) if extended else short
        if length > self._limit:
            return length
        return length if len(header) == 2 + extended + mask else None
