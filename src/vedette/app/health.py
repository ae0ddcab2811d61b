"""A local port for those who watch the watcher: is it alive, is it ready, what are its figures.

    /healthz   200 as long as the process answers
    /readyz    200 if the store can be reached and no part has stopped; else 503, and why
    /metrics   the figures, in Prometheus' text format

It listens on 127.0.0.1 unless told otherwise, and tells nothing of records or alerts beyond their numbers.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from vedette.errors import InputError, reason_of

Troubles = Callable[[], Sequence[str]]
Page = Callable[[], str]


class HealthServer:
    """Answers until it is closed. Port 0 takes any free one; `port` says which."""

    def __init__(self, host: str, port: int, troubles: Troubles, figures: Page) -> None:
        try:
            self._server = _Server((host, port), _Handler)
        except (OSError, OverflowError) as error:
            reason = reason_of(error) if isinstance(error, OSError) else str(error)
            raise InputError(
                f"cannot listen on {host}:{port}: {reason}", hint="choose another port, or 0 for none"
            ) from error
        self._server.troubles = troubles
        self._server.figures = figures
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.2,), name="health", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop answering."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(2)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True
    troubles: Troubles
    figures: Page


class _Handler(BaseHTTPRequestHandler):
    timeout = 5
    server_version = "vedette"
    sys_version = ""

    def do_GET(self) -> None:
        assert isinstance(self.server, _Server)
        match self.path.partition("?")[0]:
            case "/healthz":
                self._answer(HTTPStatus.OK, "alive\n")
            case "/readyz":
                troubles = self.server.troubles()
                status = HTTPStatus.SERVICE_UNAVAILABLE if troubles else HTTPStatus.OK
                self._answer(status, "".join(f"{trouble}\n" for trouble in troubles) or "ready\n")
            case "/metrics":
                self._answer(HTTPStatus.OK, self.server.figures(), "text/plain; version=0.0.4; charset=utf-8")
            case _:
                self._answer(HTTPStatus.NOT_FOUND, "/healthz, /readyz, /metrics\n")

    do_HEAD = do_GET  # noqa: N815

    def _answer(self, status: HTTPStatus, text: str, kind: str = "text/plain; charset=utf-8") -> None:
        body = text.encode("utf-8", "replace")
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Nothing: a scrape every few seconds is no event."""
