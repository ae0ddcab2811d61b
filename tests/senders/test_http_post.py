"""One POST, over real sockets: what goes out, what comes back, and every way in which the other side can misbehave."""

from __future__ import annotations

import itertools
import socket
import struct
import threading
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest

from senders.certificates import Certificate, make
from senders.receiving import Answer, Receiver, receiving
from vedette.alerts.delivery import Retry
from vedette.senders.deadline import cut_off
from vedette.senders.http import MAX_ANSWER, HttpClient, Response, key_header
from waiting import PATIENCE, held_port

QUICK = HttpClient(timeout=0.3, deadline=0.6)
"""For those who never answer, and only them: on a busy machine a good answer takes longer."""


def patient(ca: str | None = None) -> HttpClient:
    """For everybody else."""
    return HttpClient(timeout=PATIENCE, deadline=PATIENCE, ca=ca)


def posted(client: HttpClient, url: str) -> Response:
    answer = client.post(url, b"{}", {"X-Test": "1"})
    assert isinstance(answer, Response), answer
    return answer


def failed(client: HttpClient, url: str) -> Retry:
    answer = client.post(url, b"{}", {})
    assert isinstance(answer, Retry), answer
    return answer


def test_what_is_sent_and_what_comes_back(receiver: Receiver) -> None:
    receiver.answers = [Answer(202, b"taken", {"Retry-After": "7"})]
    answer = posted(patient(), receiver.url("/a?b=c"))
    assert (answer.status, answer.body, answer.headers["retry-after"], answer.host) == (202, b"taken", "7", "127.0.0.1")
    [request] = receiver.requests
    assert (request.method, request.path, request.body, request.headers["x-test"]) == ("POST", "/a?b=c", b"{}", "1")
    assert request.headers["user-agent"].startswith("vedette/")


@pytest.mark.parametrize("status", [200, 204, 301, 302, 307, 400, 401, 404, 429, 500, 503])
def test_every_status_is_an_answer_and_no_redirect_is_followed(receiver: Receiver, status: int) -> None:
    receiver.answers = [Answer(status, b"", {"Location": receiver.url("/elsewhere")})]
    assert posted(patient(), receiver.url()).status == status
    assert len(receiver.requests) == 1


def test_a_huge_answer_is_read_only_so_far(receiver: Receiver) -> None:
    receiver.answers = [Answer(200, b"x" * (4 * MAX_ANSWER))]
    assert len(posted(patient(), receiver.url()).body) == MAX_ANSWER


def drip(prefix: bytes) -> Callable[[socket.socket], None]:
    """Sends `prefix`, then a byte now and then for ever, so that no single wait is long."""

    def serve(connection: socket.socket) -> None:
        connection.sendall(prefix)
        stop = threading.Event()
        for _ in itertools.count():
            connection.sendall(b"x")
            stop.wait(0.05)

    return serve


def close(connection: socket.socket) -> None:
    connection.shutdown(socket.SHUT_RDWR)


def reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def hang(connection: socket.socket) -> None:
    connection.settimeout(PATIENCE)
    connection.recv(1)


def say(data: bytes) -> Callable[[socket.socket], None]:
    return lambda connection: connection.sendall(data)


@pytest.mark.parametrize(
    ("behaviour", "why"),
    [
        (close, "127.0.0.1 closed the connection without an answer"),
        (reset, "the connection to 127.0.0.1 broke: connection reset by peer"),
        (say(b"SSH-2.0-OpenSSH_9.6\r\n"), "127.0.0.1 does not answer in HTTP (BadStatusLine)"),
        (say(b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 200), "127.0.0.1 does not answer in HTTP (HTTPException)"),
        (say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
         "127.0.0.1 does not answer in HTTP (IncompleteRead)"),
    ],
)  # fmt: skip
def test_whoever_misbehaves_is_tried_again(receiver: Receiver, behaviour: Callable[..., None], why: str) -> None:
    receiver.answers = [behaviour]
    assert failed(patient(), receiver.url()) == Retry(why)


@pytest.mark.parametrize("behaviour", [hang, drip(b"HTTP/1.1 "), drip(b"HTTP/1.1 200 OK\r\nX: ")])
def test_whoever_never_answers_is_cut_off(receiver: Receiver, behaviour: Callable[..., None]) -> None:
    receiver.answers = [behaviour]
    assert failed(QUICK, receiver.url()) == Retry("no answer from 127.0.0.1 in time")


def test_a_body_that_drips_is_cut_off(receiver: Receiver) -> None:
    """Where not even the headers come before the deadline, there is no answer; then it was too early for this test."""
    receiver.answers = [drip(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\nx")]
    deadline = 0.5
    while isinstance(answer := HttpClient(timeout=PATIENCE, deadline=deadline).post(receiver.url(), b"", {}), Retry):
        assert answer == Retry("no answer from 127.0.0.1 in time")
        deadline *= 2
    assert answer.status == 200
    assert set(answer.body) == {ord("x")}


def test_a_connection_that_is_made_after_the_deadline_is_cut_off() -> None:
    """Whoever has many addresses may take so long that the deadline comes before there is a socket to shut down."""
    near, far = socket.socketpair()
    found = iter([None])
    with near, far, cut_off(0.0, lambda: next(found, near)) as passed:
        near.settimeout(PATIENCE)
        assert near.recv(1) == b""
        assert passed.is_set()


def test_nobody_there() -> None:
    with held_port() as port:
        assert failed(patient(), f"http://127.0.0.1:{port}/secret").why == "127.0.0.1 refuses connections"


def test_a_name_without_an_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socket.getaddrinfo", unknown)
    assert failed(patient(), "http://nobody.invalid/secret").why == "no address is known for nobody.invalid"


def unknown(*_: object) -> NoReturn:
    """What a system that can ask, and is told so at once, says of a name; how long others take is not ours to test."""
    raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")


@pytest.mark.parametrize(
    "url",
    ["", "hook", "ftp://example.com/", "https://", "http://a b/", "http://x/\r\nX: y", "http://u:p@example.com/",
     "http://example.com:99999/", "http://[::1/", "http://example.com/é", "file:///etc/passwd", "http://x:0/"],
)  # fmt: skip
def test_what_is_no_address_asks_for_another(url: str) -> None:
    outcome = failed(patient(), url)
    assert outcome.credentials
    assert outcome.why == "the address is no http:// or https:// URL that can be called"


@pytest.mark.parametrize("value", ["a\r\nX: y", "a\nb", "é", "a\0"])
def test_a_header_cannot_be_broken(receiver: Receiver, value: str) -> None:
    outcome = patient().post(receiver.url(), b"", {"Authorization": value})
    assert outcome == Retry("the value of header `Authorization` holds a character that no header may", None, True)
    assert not receiver.requests


@pytest.mark.parametrize("key", ["plain/key:1", "with blank", "ä", "x" * 500, "", "a\r\nb", "\ud800"])
def test_every_key_makes_a_header(receiver: Receiver, key: str) -> None:
    patient().post(receiver.url(), b"", key_header(key))
    sent = receiver.requests[0].headers["idempotency-key"]
    assert sent == key if key == "plain/key:1" else len(sent) == 32


def test_tls_with_an_authority_of_ones_own(certificate: Certificate, monkeypatch: pytest.MonkeyPatch) -> None:
    with receiving(certificate.context()) as receiver:
        assert posted(patient(str(certificate.certificate)), receiver.url()).status == 200
        outcome = failed(patient(), receiver.url("/secret-path"))
        assert outcome.why.startswith("the certificate of 127.0.0.1 is not accepted: self-signed certificate\nhint: if")
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate.certificate))
        assert posted(patient(), receiver.url()).status == 200


def test_certificates_that_are_not_accepted(tmp_path: Path) -> None:
    for name, options, word in (("old", {"expired": True}, "expired"), ("other", {"address": "192.0.2.1"}, "mismatch")):
        made = make(tmp_path / name, **options)  # type: ignore[arg-type]
        with receiving(made.context()) as receiver:
            outcome = failed(patient(str(made.certificate)), receiver.url())
        assert "is not accepted" in outcome.why
        assert word in outcome.why


def test_a_server_without_tls(receiver: Receiver) -> None:
    why = failed(patient(), receiver.url().replace("http:", "https:")).why
    assert why.startswith("no TLS with 127.0.0.1: ")


@pytest.mark.parametrize(("content", "reason"), [(None, "no such file"), (b"nothing", "no certificate is in it")])
def test_authorities_that_cannot_be_used(tmp_path: Path, content: bytes | None, reason: str) -> None:
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_bytes(content)
    assert f"cannot use the authorities in `{path}`: {reason}" in failed(patient(str(path)), "https://x/").why


def test_a_proxy_for_http(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", receiver.address.replace("://", "://user:p%40ss@"))
    assert posted(patient(), "http://hooks.example.com/a?b").status == 200
    [request] = receiver.requests
    assert request.path == "http://hooks.example.com/a?b"
    assert request.headers["host"] == "hooks.example.com"
    assert request.headers["proxy-authorization"] == "Basic dXNlcjpwQHNz"


def test_a_proxy_is_passed_by_where_the_environment_says_so(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    with held_port() as port:
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{port}")
        assert "refuses connections" in failed(patient(), receiver.url()).why
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    assert posted(patient(), receiver.url()).status == 200


def test_a_proxy_for_https(certificate: Certificate, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    with receiving(certificate.context()) as behind:
        port = int(behind.address.rpartition(":")[2])
        receiver.answers = [tunnel(port)]
        monkeypatch.setenv("https_proxy", receiver.address.removeprefix("http://"))
        assert posted(patient(str(certificate.certificate)), behind.url("/secret")).status == 200
        assert [(request.method, request.path) for request in receiver.requests] == [("CONNECT", f"127.0.0.1:{port}")]
        assert [request.path for request in behind.requests] == ["/secret"]


def tunnel(port: int) -> Callable[[socket.socket], None]:
    def serve(near: socket.socket) -> None:
        near.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        with socket.create_connection(("127.0.0.1", port)) as far:
            back = threading.Thread(target=copy, args=(far, near))
            back.start()
            copy(near, far)
            back.join()

    return serve


def copy(start: socket.socket, end: socket.socket) -> None:
    while data := start.recv(65_536):
        end.sendall(data)
    end.shutdown(socket.SHUT_WR)


def test_a_proxy_that_refuses(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    receiver.answers = [Answer(407, b"", {"Proxy-Authenticate": "Basic"})]
    monkeypatch.setenv("https_proxy", receiver.address)
    why = failed(patient(), "https://hooks.example.com/secret").why
    assert why.startswith("the proxy does not connect to hooks.example.com: 407")


def test_a_proxy_that_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "socks5://127.0.0.1:9")
    assert "not one that is spoken to in HTTP" in failed(patient(), "https://hooks.example.com/secret").why
