"""Sessions and clients over HTTP, against moto's server; and every way to fail, with what it says."""

from __future__ import annotations

import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from botocore.stub import Stubber

from aws_server import ACCOUNT, REGION, bare_environment, connect
from vedette.aws import Access, AwsClient, AwsError, AwsSession, Failure, session
from vedette.errors import VedetteError

TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:alerts"
NOWHERE = "http://127.0.0.1:9"


def test_calls_and_pages_reach_the_service(server: str) -> None:
    sns = connect(server).client("sns")
    made = {sns.call("create_topic", Name=f"topic-{number:03}")["TopicArn"] for number in range(120)}
    pages = list(sns.pages("list_topics"))
    listed = {topic["TopicArn"] for page in pages for topic in page["Topics"]}
    assert made <= listed
    assert len(pages) > 1
    assert sns.region == REGION


def test_a_client_is_made_once_whoever_asks() -> None:
    wired = connect(NOWHERE)
    found: list[AwsClient] = []
    threads = [threading.Thread(target=lambda: found.append(wired.client("sns"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(map(id, found))) == 1
    assert wired.client("sns", "eu-west-1") is not found[0]
    assert wired.client("sns", "eu-west-1").region == "eu-west-1"


def test_retries_and_timeouts_are_set() -> None:
    config = connect(NOWHERE).client("sns")._boto.meta.config  # type: ignore[attr-defined]
    assert config.retries["mode"] == "standard"
    assert (config.connect_timeout, config.read_timeout) == (5, 30)
    assert "vedette/" in config.user_agent_extra


@pytest.mark.parametrize("external_id", [None, "an-external-id"])
def test_a_role_is_assumed_for_its_account(server: str, external_id: str | None) -> None:
    access = Access(None, REGION, server, "arn:aws:iam::111122223333:role/vedette", external_id)
    who = AwsSession(access).client("sts").call("get_caller_identity")
    assert str(who["Arn"]).startswith("arn:aws:sts::111122223333:assumed-role/vedette/vedette")


def test_a_role_that_may_not_be_assumed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    role = "arn:aws:iam::111122223333:role/vedette"
    original = AwsClient.call

    def refuse(self: AwsClient, method: str, **parameters: object) -> object:
        if method != "assume_role":
            return original(self, method, **parameters)
        with Stubber(self._boto) as stub:
            stub.add_client_error(
                "assume_role",
                "AccessDenied",
                f"User: arn:aws:iam::123456789012:user/monitor is not authorized to perform: sts:AssumeRole on "
                f"resource: {role}",
                403,
            )
            return original(self, method, **parameters)

    monkeypatch.setattr(AwsClient, "call", refuse)
    client = session(region=REGION, role_arn=role, endpoint_url=NOWHERE).client("sns")
    with pytest.raises(AwsError) as caught:
        client.call("publish", TopicArn=TOPIC, Message="x")
    assert (caught.value.failure, caught.value.action, caught.value.resource) == (
        Failure.DENIED,
        "sts:AssumeRole",
        role,
    )


def test_the_endpoint_of_the_environment_is_used(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", server)
    monkeypatch.setenv("AWS_REGION", REGION)
    assert session().client("sts").call("get_caller_identity")["Account"] == ACCOUNT


def refused(client: AwsClient, method: str, **parameters: object) -> AwsError:
    with pytest.raises(AwsError) as caught:
        client.call(method, **parameters)
    return caught.value


def test_what_is_missing_is_named(server: str) -> None:
    error = refused(connect(server).client("sns"), "publish", TopicArn=TOPIC + "-none", Message="x")
    assert error.failure is Failure.MISSING
    assert TOPIC + "-none" in error.message
    assert not error.transient


def test_an_answer_without_a_body_says_its_status(server: str) -> None:
    error = refused(connect(server).client("s3"), "head_object", Bucket="no-such-bucket", Key="k")
    assert error.render() == (
        "HTTP 404: Not Found (`arn:aws:s3:::no-such-bucket/k`)\nhint: look at the name, the account and the region"
    )


def test_an_endpoint_that_nobody_serves_is_transient() -> None:
    error = refused(connect(NOWHERE).client("sns"), "list_topics")
    assert error.failure is Failure.UNREACHABLE
    assert error.transient
    assert "network" in (error.hint or "")


def test_no_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    bare_environment(monkeypatch, credentials=False)
    error = refused(connect(NOWHERE).client("sns"), "list_topics")
    assert error.failure is Failure.CREDENTIALS
    assert error.message == "no AWS credentials were found"


@pytest.mark.parametrize(
    ("access", "said"),
    [
        (Access(), "no AWS region is set"),
        (Access(profile="nobody"), "nobody"),
        (Access(region=REGION, endpoint_url="nowhere"), "nowhere"),
        (Access(region="us east"), "us east"),
        (Access(region=REGION, endpoint_url=NOWHERE, profile="nobody"), "nobody"),
    ],
)
def test_a_setup_that_cannot_work_says_so(access: Access, said: str) -> None:
    with pytest.raises(AwsError) as caught:
        AwsSession(access).client("sns").call("list_topics")
    assert caught.value.failure is Failure.SETUP
    assert said in caught.value.message
    assert caught.value.hint


def test_parameters_that_boto3_refuses() -> None:
    error = refused(connect(NOWHERE).client("sns"), "publish", TopicArn=3)
    assert error.failure is Failure.REFUSED


def test_reading_a_body_is_translated(server: str) -> None:
    from botocore.exceptions import ReadTimeoutError, ResponseStreamingError

    s3 = connect(server).client("s3")
    with pytest.raises(AwsError) as caught, s3.translating("get_object", Bucket="b", Key="k"):
        raise ResponseStreamingError(error="cut")
    assert caught.value.failure is Failure.UNREACHABLE
    with pytest.raises(AwsError), s3.translating("get_object"):
        raise ReadTimeoutError(endpoint_url="http://127.0.0.1")


def test_what_is_not_from_aws_passes_through(tmp_path: Path) -> None:
    s3 = connect(NOWHERE).client("s3")
    with pytest.raises(FileNotFoundError), s3.translating("get_object"):
        (tmp_path / "absent").read_bytes()


def test_without_boto3_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "boto3", None)
    with pytest.raises(VedetteError) as caught:
        connect(NOWHERE).client("sns")
    assert caught.value.render() == ("AWS needs boto3, which is not installed\nhint: pip install 'vedette[aws]'")


def test_importing_the_room_does_not_import_boto3() -> None:
    import subprocess

    code = "import sys, vedette.aws; sys.exit('boto3' in sys.modules or 'botocore' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


class _SignInPage(BaseHTTPRequestHandler):
    """What a network's sign-in page answers to everything."""

    def do_POST(self) -> None:
        page = b"<html><br>\x1b[31msign in</html>"
        self.send_response(200)
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    def log_message(self, *_: object) -> None:
        """Nothing."""


def test_a_page_in_place_of_an_answer_is_no_bug_of_ours() -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), _SignInPage) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}"
        error = refused(connect(address).client("cloudformation"), "describe_stacks")
        server.shutdown()
    assert error.message == f"what answers at {address} does not speak as AWS does"
    assert error.failure is Failure.BROKEN
    assert "HTTPS_PROXY" in (error.hint or "")
