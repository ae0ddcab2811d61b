"""What a scenario is told with: it places an attacker's records in the day and remembers each for the ground truth."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from random import Random

from vedette.simulate import identifiers, shape
from vedette.simulate.acts import SECRETS_MANAGER, Caller, Written, caller, write
from vedette.simulate.agenda import console_user, machine
from vedette.simulate.catalogue import ATTACKS, CALLS, denied
from vedette.simulate.company import Company, Kind, Person, Place
from vedette.simulate.expected import Step, expected
from vedette.simulate.shape import Object, iso, long_date
from vedette.simulate.template import Call, Values

OUTSIDE_ACCOUNT = "210987654321"
"""The attacker's own account."""
_EVENT_ID = re.compile(r'"eventID":"([^"]+)"')


@dataclass(slots=True)
class Story:
    """The records of one scenario on one day. `start` is the day's first second."""

    company: Company
    scenario: str
    start: int
    rng: Random = field(init=False)
    records: list[Written] = field(default_factory=list)
    address: str = field(init=False)
    browser: str = (
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/138.0.0.0 Safari/537.36"
    )

    def __post_init__(self) -> None:
        self.rng = self.company.stream("story", self.scenario, self.start)
        self.address = f"203.0.113.{self.rng.randrange(10, 250)}"

    @property
    def home(self) -> Place:
        """Where the company's systems are."""
        return self.company.places[0]

    def person(self, kind: Kind) -> Person:
        """The first person of a kind."""
        return self.company.first(kind)

    def at(self, hour: int, minute: int) -> int:
        """A moment of the day, in UTC, some seconds past the minute."""
        return self.start + hour * 3600 + minute * 60 + self.rng.randrange(40)

    def stolen_key(self, person: Person, tool: str) -> Caller:
        """A person's key in the attacker's hands."""
        return machine(person, self.home.account, self.address, tool)

    def made_key(self, name: str, principal: str, key: str, tool: str) -> Caller:
        """A key that the attacker made for a user."""
        return caller(shape.iam_user(self.home.account, name, principal, key), self.address, tool, name=name)

    def browser_as(self, identity: Object, name: str) -> Caller:
        """The attacker's browser, at the sign-in page as `identity`."""
        return caller(identity, self.address, self.browser, name=name)

    def console(self, person: Person, at: int) -> Caller:
        """The attacker in the console as an IAM user who signed in without MFA."""
        theirs = console_user(self.company, person, self.home.account, at, self.address, mfa=False)
        return Caller(theirs.identity, self.address, self.browser, theirs.name, theirs.arn, theirs.transport)

    def tell(
        self, step: Step, at: int, who: Caller, call: Call | str, about: Mapping[str, str] | None = None
    ) -> Values:
        """Place one record of `call` (a shape, or its key); `about` is what is settled, the answer adds the draws.

        Giving an answer back as `about` places a further record about the same things.
        """
        shaped = (ATTACKS.get(call) or CALLS[call]) if isinstance(call, str) else call
        values = {**self.home.base, "outside": OUTSIDE_ACCOUNT, **(about or {}), "date": long_date(at)}
        self._keep(step, who, shaped, write(shaped, who, self.home, at, self.rng, values))
        return values

    def refuse(self, step: Step, at: int, who: Caller, call: str, action: str, on: str = "*") -> None:
        """Place one record of a call that is refused."""
        self.tell(step, at, who, denied(CALLS[call], arn=who.arn, action=action, on=on), {"secret.asked": on})

    def read_secret(self, at: int, who: Caller, secret: Values) -> None:
        """One secret read, and the Decrypt that Secrets Manager makes for it."""
        self.tell(Step.READ_SECRET, at, who, "GetSecretValue", secret)
        self.tell(Step.SECRET_DECRYPTED, at, who.through(SECRETS_MANAGER), "Decrypt secret", secret)

    def read_secrets(self, at: int, who: Caller, secrets: Iterable[Values]) -> None:
        """Secrets read with one BatchGetSecretValue, and what Secrets Manager logs for each."""
        members = list(secrets)
        asked = json.dumps([secret["secret.asked"] for secret in members])
        self.tell(Step.READ_SECRETS, at, who, "BatchGetSecretValue", {"secret_list": asked})
        for secret in members:
            self.read_secret(at, who.through(SECRETS_MANAGER), {**secret, "secret.asked": secret["secret.arn"]})

    def new_key(self) -> str:
        """The id of a key that the attacker makes."""
        return identifiers.access_key(self.rng, "AKIA")

    def _keep(self, step: Step, who: Caller, call: Call, record: Written) -> None:
        found = _EVENT_ID.search(record.text)
        assert found, "every record has an eventID"
        truth = {
            "scenario": self.scenario,
            "step": step.value,
            "eventID": found[1],
            "eventName": call.name,
            "eventTime": iso(record.at),
            "account": record.account,
            "region": record.region,
            "actor": who.name,
            "actor_arn": who.arn,
            "address": self.address,
            "sourceIPAddress": who.ip,
            "expected": list(expected(step)),
        }
        self.records.append(record._replace(truth=truth))
