"""A loopback server that speaks as much of the JSON protocols of CloudWatch Logs and CloudWatch as verifying asks for.

What it answers to TestMetricFilter is the test's to say: recorded answers of AWS, our own engine, or lies.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = tuple[int, dict[str, Any]]
Say = Callable[[dict[str, Any]], Answer]


def matched(messages: list[str], numbers: list[int]) -> Answer:
    """The answer that says that these match, counted from 1 as AWS does."""
    found = [{"eventNumber": n, "eventMessage": messages[n - 1], "extractedValues": {}} for n in numbers]
    return 200, {"matches": found}


def refused(message: str) -> Answer:
    return 400, {"__type": "InvalidParameterException", "message": message}


def throttled() -> Answer:
    return 400, {"__type": "ThrottlingException", "message": "Rate exceeded"}


def denied(action: str) -> Answer:
    who = "arn:aws:iam::111122223333:user/alice"
    return 400, {
        "__type": "AccessDeniedException",
        "message": f"User: {who} is not authorized to perform: {action} on resource: "
        "arn:aws:logs:us-east-1:111122223333:log-group:/vedette/cloudtrail because no identity-based policy allows "
        f"the {action} action",
    }


@contextmanager
def speaking(operations: Mapping[str, Say]) -> Iterator[tuple[str, list[tuple[str, dict[str, Any]]]]]:
    """The address, and the calls so far: (operation, parameters)."""
    calls: list[tuple[str, dict[str, Any]]] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])) or b"{}")
            operation = self.headers["X-Amz-Target"].rpartition(".")[2]
            calls.append((operation, body))
            status, answer = operations[operation](body)
            data = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/x-amz-json-1.1")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", calls
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
