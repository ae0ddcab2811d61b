"""One POST over HTTP, by the standard library: timeouts, a bound on answers, proxies and CA from the environment.

Redirects are not followed: what is sent holds credentials, and the address may be one. Errors name the host alone.
Proxies are those of HTTPS_PROXY, HTTP_PROXY and NO_PROXY; authorities those of the system or SSL_CERT_FILE.
"""

from __future__ import annotations

import base64
import hashlib
import http.client
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import SplitResult, unquote, urlsplit
from urllib.request import getproxies_environment, proxy_bypass

from vedette import __version__
from vedette.alerts.delivery import Retry
from vedette.errors import VedetteError, printable
from vedette.senders.deadline import cut_off
from vedette.senders.trust import certificate_words, trusting

JSON = "application/json; charset=utf-8"

MAX_ANSWER = 65_536
"""Bytes of an answer that are read; what is beyond says nothing more."""


@dataclass(frozen=True, slots=True)
class Response:
    """Status, headers by lower-case name, and the beginning of the body."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    host: str = ""


class HttpClient:
    """Posts. `timeout` bounds each wait, `deadline` the whole; both in seconds. `ca` is a file of authorities."""

    def __init__(self, *, timeout: float = 10.0, deadline: float = 30.0, ca: str | None = None) -> None:
        self._timeout = timeout
        self._deadline = deadline
        self._ca = ca

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Response | Retry:
        """The answer, whatever its status; Retry when there is none.

        `url` and `headers` may hold secrets: one that cannot be sent is a Retry that asks for new credentials.
        """
        parts = split_url(url)
        if parts is None:
            return Retry("the address is no http:// or https:// URL that can be called", credentials=True)
        unfit = next((name for name, value in headers.items() if not _visible(value, " ")), None)
        if unfit is not None:
            return Retry(f"the value of header `{unfit}` holds a character that no header may", credentials=True)
        host = parts.hostname or ""
        given = {"User-Agent": f"vedette/{__version__}", "Connection": "close", **headers}
        try:
            connection, target, more = self._connection(parts)
        except VedetteError as error:
            return Retry(error.render())
        try:
            return self._exchange(connection, host, target, body, {**given, **more})
        finally:
            connection.close()

    def _exchange(
        self, connection: http.client.HTTPConnection, host: str, target: str, body: bytes, headers: Mapping[str, str]
    ) -> Response | Retry:
        with cut_off(self._deadline, lambda: _socket(connection)) as passed:
            try:
                connection.request("POST", target, body, dict(headers))
                answer = connection.getresponse()
                if passed.is_set():
                    # Headers that break off are taken for whole ones by http.client.
                    raise TimeoutError
                fields = {name.lower(): value for name, value in answer.getheaders()}
                return Response(answer.status, fields, answer.read(MAX_ANSWER), host)
            except (OSError, http.client.HTTPException) as error:
                return Retry(_words(host, TimeoutError() if passed.is_set() else error))

    def _connection(self, parts: SplitResult) -> tuple[http.client.HTTPConnection, str, dict[str, str]]:
        """A connection that is not open yet, what to ask it for, and headers for a proxy on the way."""
        host = parts.hostname or ""
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        secure = parts.scheme == "https"
        port = parts.port or (443 if secure else 80)
        proxy = _proxy(parts.scheme, host)
        near = (proxy.hostname or "", proxy.port or 80) if proxy else (host, port)
        login = _proxy_login(proxy) if proxy else {}
        if secure:
            tls = http.client.HTTPSConnection(*near, timeout=self._timeout, context=self._context)
            if proxy:
                tls.set_tunnel(host, port, login)
            return tls, path, {}
        target = f"http://{parts.netloc}{path}" if proxy else path
        return http.client.HTTPConnection(*near, timeout=self._timeout), target, login

    @cached_property
    def _context(self) -> ssl.SSLContext:
        return trusting(self._ca)


def key_header(key: str) -> dict[str, str]:
    """The delivery's key as a header: as it is where a header may hold it, else a digest of it."""
    fits = 0 < len(key) <= 200 and _visible(key)
    digest = hashlib.blake2b(key.encode("utf-8", "surrogatepass"), digest_size=16)
    return {"Idempotency-Key": key if fits else digest.hexdigest()}


def split_url(url: str) -> SplitResult | None:
    """The parts of a URL that can be called; None for any other text. Login names in it are not taken."""
    if not _visible(url):
        return None
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and parts.hostname and "@" not in parts.netloc and parts.port != 0
    except ValueError:
        return None
    return parts if usable else None


def connection_words(host: str, error: OSError) -> str:
    """Why there is no connection, without anything but the host of the address."""
    match error:
        case ssl.SSLCertVerificationError():
            return certificate_words(host, error)
        case ssl.SSLError():
            return f"no TLS with {host}: {printable(error.reason or 'the handshake failed').lower()}"
        case socket.gaierror():
            return f"no address is known for {host}"
        case TimeoutError():
            return f"no answer from {host} in time"
        case ConnectionRefusedError():
            return f"{host} refuses connections"
        case _:
            return f"the connection to {host} broke: {printable(error.strerror or type(error).__name__).lower()}"


def _words(host: str, error: OSError | http.client.HTTPException) -> str:
    if isinstance(error, OSError) and str(error).startswith("Tunnel connection failed"):
        return (
            f"the proxy does not connect to {host}: {printable(str(error).removeprefix('Tunnel connection failed: '))}"
        )
    if isinstance(error, http.client.RemoteDisconnected):
        return f"{host} closed the connection without an answer"
    if isinstance(error, http.client.HTTPException):
        return f"{host} does not answer in HTTP ({type(error).__name__})"
    return connection_words(host, error)


def _socket(connection: http.client.HTTPConnection) -> socket.socket | None:
    found = connection.sock
    return found if isinstance(found, socket.socket) else None


def _visible(text: str, more: str = "") -> bool:
    return all("!" <= char <= "~" or char in more for char in text)


def _proxy(scheme: str, host: str) -> SplitResult | None:
    if proxy_bypass(host):
        return None
    proxies = getproxies_environment()
    found = proxies.get(scheme) or proxies.get("all")
    if not found:
        return None
    parts = urlsplit(found if "://" in found else f"http://{found}")
    if parts.scheme != "http" or not parts.hostname:
        raise VedetteError("the proxy in the environment is not one that is spoken to in HTTP", hint="http://HOST:PORT")
    return parts


def _proxy_login(proxy: SplitResult) -> dict[str, str]:
    if proxy.username is None:
        return {}
    login = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}"
    return {"Proxy-Authorization": "Basic " + base64.b64encode(login.encode()).decode()}
