"""A history: every exchange with the server as one line of JSON, whatever came of it."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path
from typing import Any

import httpx


class Recording(httpx.BaseTransport):
    """Carries requests on, and writes down what was invoked and what came back.

    The outcome is `ok`, `fail` (the server refused) or `unknown` (no answer: it may have happened).
    """

    def __init__(self, transport: httpx.BaseTransport, file: Path) -> None:
        self._transport = transport
        self._file = file
        self._lock = threading.Lock()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request, and write its line."""
        line: dict[str, Any] = {
            "method": request.method,
            "path": request.url.raw_path.decode(),
            "sent": _json(request.read()),
            "began": time.monotonic(),
        }
        if best := request.headers.get("Caviar-Best"):
            line["best"] = json.loads(best)
        try:
            response = self._transport.handle_request(request)
            content = response.read()
        except httpx.TransportError:
            self._write({**line, "outcome": "unknown", "ended": time.monotonic()})
            raise
        self._write(
            {
                **line,
                "outcome": "ok" if response.is_success else "fail",
                "status": response.status_code,
                "type": response.headers.get("content-type", ""),
                "got": _json(content),
                "ended": time.monotonic(),
            }
        )
        return response

    def close(self) -> None:
        """Close what the requests were carried by."""
        self._transport.close()

    def _write(self, line: dict[str, Any]) -> None:
        with self._lock, self._file.open("a") as file:
            file.write(json.dumps(line) + "\n")


def _json(content: bytes) -> Any:
    try:
        return json.loads(content) if content else None
    except UnicodeDecodeError:
        return f"{len(content)} octets"
    except ValueError:
        return content.decode("utf-8", "replace")
