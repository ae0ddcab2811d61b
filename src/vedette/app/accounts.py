"""The AWS accounts of the settings: one session each, made when something of the account is used."""

from __future__ import annotations

from vedette.aws import AwsSession, session
from vedette.settings.model import AccountSettings, Settings


class Accounts:
    """Sessions by account id; None is the account of the usual credentials."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._sessions: dict[str | None, AwsSession] = {}

    def session(self, account: str | None = None) -> AwsSession:
        """The session with the account's role; nothing is imported or called yet."""
        if account not in self._sessions:
            aws = self._settings.aws
            given = AccountSettings() if account is None else self._settings.accounts[account]
            self._sessions[account] = session(
                aws.profile, aws.region, given.role_arn, aws.endpoint_url, given.external_id
            )
        return self._sessions[account]
