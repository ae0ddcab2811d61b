"""The emulator is there, and keeps accounts apart."""

from __future__ import annotations

from vedette.aws import AwsSession
from vedette.deploy.discovery import identity


def test_each_test_has_an_account_of_its_own(aws: AwsSession, account: str) -> None:
    assert identity(aws).account == account
