"""The headers of the frames that a WebSocket client sends, read before their payload is.

wsproto checks a message when parts of it are there. A frame says at its beginning how long it will
be; one that is too long is found here by these few bytes (RFC 6455, section 5.2).
"""


class FrameHeaders:
    """Follows the stream of one client; `feed` says whether a frame is longer than `limit`."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._header = bytearray()
        self._payload_left = 0

    def feed(self, data: bytes) -> bool:
        """Follow the next bytes; False as soon as a header claims more than the limit."""
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
        """The length of the payload once the header is whole, or its length field is."""
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
