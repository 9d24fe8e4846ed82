"""How many bytes of bodies this process holds while they still come in.

A small body costs nothing here, whoever stalls with it. A large one counts byte by byte as it
comes, not as it was announced: a thousand clients that announce much and send little take no room.
"""

from web.http.errors import TooManyBodies

#: Bytes; as much as eight bulks of the largest size.
MAX_HELD_BYTES = 128 * 1024 * 1024
#: Bytes of a body that are not counted.
FREE_BYTES = 64 * 1024


class Room:
    """The bytes that are held, and how many may be."""

    def __init__(self, limit: int = MAX_HELD_BYTES) -> None:
        self._limit = limit
        self.held = 0

    def take(self, size: int) -> None:
        """Count `size` more bytes; raises TooManyBodies when there is no room for them."""
        if self.held + size > self._limit:
            raise TooManyBodies("This process holds as many bytes of bodies as it may.")
        self.held += size

    def give_back(self, size: int) -> None:
        """Count `size` bytes less."""
        self.held -= size


#: The room of this process.
ROOM = Room()
