"""A proxy between workers and their server that writes the history of what they say."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx

from tests.faults.history import Recording

OWN = {"connection", "content-length", "host", "transfer-encoding", "accept-encoding"}
"""Headers of one connection, not of what is said over it."""


class _Proxy(ThreadingHTTPServer):
    daemon_threads = False  # closing waits for them
    request_queue_size = 64

    def __init__(self, *given: Any) -> None:
        self._connections: set[socket.socket] = set()
        super().__init__(*given)

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        self._connections.add(connection)
        return connection, address

    def shutdown_request(self, request: Any) -> None:
        self._connections.discard(request)
        super().shutdown_request(request)

    def server_close(self) -> None:
        for connection in list(self._connections):
            with suppress(OSError):  # its client may be dead
                connection.shutdown(socket.SHUT_RDWR)
        super().server_close()

    def handle_error(self, *request: Any) -> None:
        """A client that was killed hears nothing: that is what it is for."""


def _handler(upstream: httpx.Client) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1  # head and body in one piece

        def _carry(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {n: v for n, v in self.headers.items() if n.lower() not in OWN}
            try:
                found = upstream.request(self.command, self.path, headers=headers, content=body)
            except httpx.TransportError:
                self.close_connection = True  # as the server did
                return
            self.send_response(found.status_code)
            for name, value in found.headers.items():
                if name.lower() not in OWN:
                    self.send_header(name, value)
            if found.status_code not in (204, 304):
                self.send_header("Content-Length", str(len(found.content)))
            self.end_headers()
            self.wfile.write(found.content)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _carry  # noqa: N815

        def log_message(self, *line: Any) -> None:
            """The history has it."""

    return Handler


@contextmanager
def recorded(server: str, file: Path) -> Iterator[str]:
    """Carry everything to a server, and write its history; the address to speak to instead."""
    transport = Recording(httpx.HTTPTransport(trust_env=False), file)
    with httpx.Client(
        base_url=server, transport=transport, headers={"Accept-Encoding": "identity"}, timeout=60
    ) as upstream:
        proxy = _Proxy(("127.0.0.1", 0), _handler(upstream))
        thread = threading.Thread(target=proxy.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{proxy.server_port}"
        finally:
            proxy.shutdown()
            thread.join()
            proxy.server_close()
