"""The pages on channels and secrets tell the truth: their settings are read, their code runs, their errors are ours."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from aws_server import bare_environment
from senders.telling import message
from vedette.app.accounts import Accounts
from vedette.app.channels import make_sender
from vedette.app.vault import open_secrets
from vedette.secrets import SecretReferenceError, parse, require_reference
from vedette.senders.signature import sign
from vedette.settings.load import parse_settings

DOCS = Path(__file__).parents[2] / "docs"
CHANNELS = (DOCS / "guide" / "channels.md").read_text(encoding="utf-8")
SECRETS = (DOCS / "concepts" / "secrets.md").read_text(encoding="utf-8")
TABLES = re.findall(r"```toml\n(.*?)```", CHANNELS, re.DOTALL)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: re.findall('kind = "(.*?)"', table)[0])
def test_the_settings_of_the_page_make_a_sender(table: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bare_environment(monkeypatch)
    settings = parse_settings(table, "vedette.toml", {}, tmp_path)
    [channel] = settings.channels
    accounts = Accounts(settings)
    sender = make_sender(channel, open_secrets(accounts), accounts)
    assert sender.name == channel.name
    sender.close()


def test_every_kind_is_on_the_page() -> None:
    from vedette.settings.channel_tables import CHANNELS as KINDS

    assert set(re.findall('kind = "(.*?)"', CHANNELS)) == set(KINDS)


def test_the_receiver_of_the_page_works() -> None:
    [code] = re.findall(r"```python\n(.*?)```", CHANNELS, re.DOTALL)
    scope: dict[str, object] = {}
    exec(code, scope)
    receive = scope["receive"]
    assert callable(receive)
    headers, seen = sign(["key"], "id", 1000, b"{}"), set[str]()
    assert receive(headers, b"{}", ["key"], 1100, seen) == (204, "")
    assert receive(headers, b"{}", ["key"], 1100, seen) == (200, "known")
    assert receive(headers, b"[]", ["key"], 1100, seen) == (403, "no signature of the message fits")
    assert message().key


def test_the_references_of_the_page_are_references() -> None:
    found = re.findall(
        r"^    (secret://\S+)$", SECRETS.partition("## References")[2].partition("\n- ")[0], re.MULTILINE
    )
    assert len(found) >= 8
    for reference in found:
        parse(reference)


def test_the_errors_of_the_page_are_the_errors() -> None:
    shown = re.findall(r"```text\n(.*?)\n```", SECRETS, re.DOTALL)
    with pytest.raises(SecretReferenceError) as literal:
        require_reference("a secret", "`password`")
    with pytest.raises(SecretReferenceError) as wrong:
        parse("secret://enw/TOKEN")
    assert shown[:2] == [literal.value.render(), wrong.value.render()]
