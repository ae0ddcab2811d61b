"""Sessions and clients: boto3's usual chain, a role per account, `standard` retries, and a timeout on everything.

Clients may be called from several threads. boto3 is an extra, imported when the first client is made.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import ModuleType
from typing import Protocol

from vedette import __version__
from vedette.aws.actions import action_of, resource_of
from vedette.aws.errors import Answer, AwsError, Failure, cut, error_of
from vedette.aws.silence import silent_error, stranger
from vedette.errors import VedetteError

CONNECT_TIMEOUT = 5
READ_TIMEOUT = 30
"""Seconds; longer than SQS's longest poll."""

MAX_ATTEMPTS = 3

CONNECTIONS = 32
"""Kept open by a client: as many objects of a bucket are read at a time."""


@dataclass(frozen=True, slots=True)
class Access:
    """How to reach an account. Each is optional; what is not given comes from boto3's chain (environment, files, role).

    `role_arn` is assumed with the chain's credentials, with `external_id` where the role asks for one, and renewed
    before it expires. `endpoint_url` goes before AWS_ENDPOINT_URL and holds for every service.
    """

    profile: str | None = None
    region: str | None = None
    endpoint_url: str | None = None
    role_arn: str | None = None
    external_id: str | None = None
    role_session_name: str = "vedette"


class _Meta(Protocol):
    endpoint_url: str
    region_name: str
    partition: str
    method_to_api_mapping: Mapping[str, str]


class _Boto(Protocol):
    meta: _Meta


class AwsClient:
    """A client of one service in one region. Every failure is an AwsError, whatever boto3 would have raised."""

    def __init__(self, service: str, boto: _Boto) -> None:
        self.service = service
        self._boto = boto

    @property
    def region(self) -> str:
        """The region that it calls."""
        return self._boto.meta.region_name

    @property
    def endpoint(self) -> str:
        """The address that it calls."""
        return self._boto.meta.endpoint_url

    def call(self, method: str, **parameters: object) -> Mapping[str, object]:
        """Call by boto3's name of the method (`publish`, `receive_message`), with its parameters."""
        with self.translating(method, **parameters):
            answer: Mapping[str, object] = getattr(self._boto, method)(**parameters)
            return answer

    def pages(self, method: str, **parameters: object) -> Iterator[Mapping[str, object]]:
        """Every page of a method that answers in pages, fetched when asked for."""
        pager: Callable[[str], object] = getattr(self._boto, "get_paginator")  # noqa: B009  # not in the Protocol
        pages = iter(getattr(pager(method), "paginate")(**parameters))  # noqa: B009
        while True:
            with self.translating(method, **parameters):
                page: Mapping[str, object] | None = next(pages, None)
            if page is None:
                return
            yield page

    @contextmanager
    def translating(self, method: str, **parameters: object) -> Iterator[None]:
        """boto3's exceptions inside the block come out as AwsError: for reading the body of an answer."""
        from botocore import exceptions
        from botocore.parsers import ResponseParserError

        try:
            yield
        except exceptions.ClientError as error:
            raise error_of(self._answer(error.response, method, parameters)) from None
        except ResponseParserError:
            raise stranger(self.endpoint) from None
        except exceptions.BotoCoreError as error:
            raise silent_error(error) from None

    def _answer(
        self, response: Mapping[str, Mapping[str, object]], method: str, parameters: Mapping[str, object]
    ) -> Answer:
        meta = self._boto.meta
        said = response.get("Error", {})
        status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        return Answer(
            code=str(said.get("Code", "")),
            message=str(said.get("Message", "")),
            status=status if isinstance(status, int) else 0,
            action=action_of(self.service, meta.method_to_api_mapping.get(method, method)),
            resource=resource_of(self.service, method, parameters, meta.partition, meta.region_name),
        )


class AwsSession:
    """Makes clients of one `Access`, each once per service and region."""

    def __init__(self, access: Access) -> None:
        self.access = access
        self._lock = threading.Lock()
        self._clients: dict[tuple[str, str | None], AwsClient] = {}
        self._session: object = None

    def client(self, service: str, region: str | None = None) -> AwsClient:
        """The client of a service (`sns`, `secretsmanager`); `region` goes before that of the access."""
        with self._lock:
            found = self._clients.get((service, region))
            if found is None:
                found = self._clients[service, region] = self._make(service, region)
            return found

    def _make(self, service: str, region: str | None) -> AwsClient:
        boto3 = require_boto3()
        from botocore import exceptions
        from botocore.config import Config

        config = Config(
            connect_timeout=CONNECT_TIMEOUT,
            read_timeout=READ_TIMEOUT,
            retries={"mode": "standard", "max_attempts": MAX_ATTEMPTS},
            max_pool_connections=CONNECTIONS,
            user_agent_extra=f"vedette/{__version__}",
        )
        try:
            if self._session is None:
                self._session = _boto_session(boto3, self.access, config)
            make = getattr(self._session, "client")  # noqa: B009  # typed as an object
            return AwsClient(
                service, make(service, region_name=region, endpoint_url=self.access.endpoint_url, config=config)
            )
        except exceptions.BotoCoreError as error:
            raise silent_error(error) from None
        except ValueError as error:
            raise AwsError(cut(str(error)), Failure.SETUP, hint="look at `endpoint_url` and the region") from None


def session(
    profile: str | None = None,
    region: str | None = None,
    role_arn: str | None = None,
    endpoint_url: str | None = None,
    external_id: str | None = None,
) -> AwsSession:
    """A session; see Access for what each parameter is. Nothing is imported, read or called yet."""
    return AwsSession(Access(profile, region, endpoint_url, role_arn, external_id))


def require_boto3() -> ModuleType:
    """boto3, or the error that says how to install it."""
    try:
        import boto3
    except ImportError:
        raise VedetteError("AWS needs boto3, which is not installed", hint="pip install 'vedette[aws]'") from None
    module: ModuleType = boto3
    return module


def _boto_session(boto3: ModuleType, access: Access, config: object) -> object:
    # boto3 alone of the SDKs reads only AWS_DEFAULT_REGION.
    region = access.region or os.environ.get("AWS_REGION") or None
    chain = boto3.Session(profile_name=access.profile, region_name=region)
    if access.role_arn is None:
        return chain
    sts = AwsClient("sts", chain.client("sts", endpoint_url=access.endpoint_url, config=config))
    return boto3.Session(botocore_session=_assuming(access, sts), region_name=chain.region_name)


def _assuming(access: Access, sts: AwsClient) -> object:
    # botocore assumes roles by itself only for profiles in its files; here the role comes from our settings.
    from botocore.credentials import CredentialProvider, CredentialResolver, DeferredRefreshableCredentials
    from botocore.session import Session

    def assume() -> dict[str, str]:
        parameters = {"RoleArn": access.role_arn, "RoleSessionName": access.role_session_name}
        if access.external_id is not None:
            parameters["ExternalId"] = access.external_id
        return _metadata(sts.call("assume_role", **parameters))

    class Assumed(CredentialProvider):  # type: ignore[misc]  # botocore has no types
        METHOD = "assume-role"

        def load(self) -> object:
            return DeferredRefreshableCredentials(assume, self.METHOD)

    inner = Session()
    inner.register_component("credential_provider", CredentialResolver([Assumed()]))
    return inner


def _metadata(answer: Mapping[str, object]) -> dict[str, str]:
    given = answer["Credentials"]
    assert isinstance(given, dict)
    return {
        "access_key": given["AccessKeyId"],
        "secret_key": given["SecretAccessKey"],
        "token": given["SessionToken"],
        "expiry_time": given["Expiration"].isoformat(),
    }
