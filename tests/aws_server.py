"""moto's server on a loopback port, and an environment in which boto3 finds nothing but what the test gives it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from moto.moto_api._internal import moto_api_backend
from moto.server import ThreadedMotoServer

from vedette.aws import AwsSession, session

REGION = "us-east-1"
ACCOUNT = "123456789012"
"""moto's own account."""


@contextmanager
def running(port: int = 0) -> Iterator[str]:
    """The address of a server that runs inside the block, on any port or on this one.

    What moto was told is kept by this process, not by a server: `emptied` lets go of it.
    """
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=port, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        yield f"http://{host}:{port}"
    finally:
        server.stop()


@contextmanager
def emptied() -> Iterator[str]:
    """The same for a module that gives its things names: nothing is there of what another test, or this module at an
    earlier time, has made in this process."""
    moto_api_backend.reset()
    with running() as address:
        yield address


def bare_environment(patch: pytest.MonkeyPatch, *, credentials: bool = True) -> None:
    """No profile, file, region or metadata service of this machine; credentials that moto takes, unless not wanted."""
    for name in ("AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL"):
        patch.delenv(name, raising=False)
    patch.setenv("AWS_CONFIG_FILE", "/nonexistent/config")
    patch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent/credentials")
    patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name, value in (("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"), ("AWS_SECRET_ACCESS_KEY", "example")):
        if credentials:
            patch.setenv(name, value)
        else:
            patch.delenv(name, raising=False)


def connect(address: str) -> AwsSession:
    return session(region=REGION, endpoint_url=address)
