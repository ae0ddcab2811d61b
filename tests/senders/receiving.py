"""A real HTTP(S) server on loopback that answers as it is told to, and remembers what it was sent.

`Receiver.answers` is a queue: each request takes the next answer, the last one stays. An answer may also be a function
that is given the connection and does with it what it likes.
"""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TypeAlias


@dataclass(frozen=True)
class Answer:
    status: int = 200
    body: bytes = b"ok"
    headers: Mapping[str, str] = field(default_factory=dict)


Behaviour: TypeAlias = Answer | Callable[[socket.socket], None]


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> dict[str, object]:
        document = json.loads(self.body)
        assert isinstance(document, dict)
        return document


class Receiver:
    def __init__(self) -> None:
        self.answers: list[Behaviour] = [Answer()]
        self.requests: list[Request] = []
        self.echo = False
        self.address = ""
        self._lock = threading.Lock()

    def url(self, path: str = "/hook") -> str:
        return self.address + path

    def next(self, request: Request) -> Behaviour:
        with self._lock:
            self.requests.append(request)
            answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if not self.echo or not isinstance(answer, Answer):
            return answer
        told = f"{request.path} {dict(request.headers)}".encode() + request.body
        return Answer(answer.status, told, answer.headers)


class Server(ThreadingHTTPServer):
    daemon_threads = True
    receiver: Receiver

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that go away are part of the tests."""


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        self._serve()

    def do_CONNECT(self) -> None:
        self._serve()

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        behaviour = self.server.receiver.next(Request(self.command, self.path, headers, body))
        self.close_connection = True
        if not isinstance(behaviour, Answer):
            behaviour(self.connection)
            return
        self.send_response_only(behaviour.status)
        for name, value in {"Content-Length": str(len(behaviour.body)), **behaviour.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(behaviour.body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Quiet."""


@contextlib.contextmanager
def receiving(context: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    receiver = Receiver()
    with Server(("127.0.0.1", 0), Handler) as server:
        server.receiver = receiver
        if context is not None:
            server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        receiver.address = f"{'https' if context else 'http'}://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield receiver
        finally:
            server.shutdown()
            thread.join()
