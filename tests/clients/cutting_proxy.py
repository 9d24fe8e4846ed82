"""A proxy before a web service that ends connections in the middle of their answers."""

import socket
import threading
from collections.abc import Callable
from contextlib import suppress

from tests.web.conftest import Server


class CuttingProxy:
    """Passes each request on; of the first `cuts` answers it passes `after` bytes back."""

    def __init__(
        self, server: Server, cuts: int, when_cut: Callable[[], None], after: int = 0
    ) -> None:
        self._port, self._when_cut, self.left, self._after = server.port, when_cut, cuts, after
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        with suppress(OSError):  # it is closed already
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        """Serve one connection to its end, in both directions."""
        with client, suppress(OSError), self._connect() as service:
            threading.Thread(target=self._forward, args=(client, service), daemon=True).start()
            room = self._after
            while data := service.recv(65536):
                if self.left and len(data) > room:
                    self.left -= 1
                    client.sendall(data[:room])
                    self._when_cut()
                    client.shutdown(socket.SHUT_RDWR)  # a close waits for the thread that reads
                    return
                room -= len(data)
                client.sendall(data)

    def _connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self._port))

    def _forward(self, client: socket.socket, service: socket.socket) -> None:
        with suppress(OSError):
            while data := client.recv(65536):
                service.sendall(data)
            service.shutdown(socket.SHUT_WR)
