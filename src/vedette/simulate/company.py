"""The company that is simulated: its accounts and regions, what is in them, and its people.

All of it is drawn from the seed alone, so that it is the same for every day and every scenario. No records are made
here. Addresses are from the ranges reserved for documentation and benchmarks: offices and homes from 192.0.2.0/24 and
198.51.100.0/24, what runs in AWS from 198.18.0.0/15; 203.0.113.0/24 is left to attackers.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random

from vedette.simulate import identifiers
from vedette.simulate.template import Values

REGIONS = ("eu-west-1", "us-east-1", "eu-central-1")
"""In order of use; the first is home."""
OFFICES = ("192.0.2.10", "192.0.2.20", "192.0.2.30")
_DOMAIN = "example.com"


class Kind(enum.Enum):
    """How a person reaches AWS."""

    SSO = "sso"  # IAM Identity Center, with MFA at the portal
    IAM = "iam"  # an IAM user with a password and MFA
    MACHINE = "machine"  # an IAM user that a program uses, with a long-lived key
    DORMANT = "dormant"  # an IAM user with a password, without MFA, who does not come any more


@dataclass(frozen=True, slots=True)
class Person:
    """Someone, or something, with a name. `offset` is the time zone, in minutes ahead of UTC."""

    name: str
    kind: Kind
    offset: int
    home: str
    office: str
    principal: str
    key: str
    browser: str
    tool: str
    permission_set: str

    @property
    def email(self) -> str:
        """The session name that IAM Identity Center gives."""
        return f"{self.name}@{_DOMAIN}"


@dataclass(frozen=True, slots=True)
class Place:
    """One region of one account, and what is in it: `pools` maps a kind of resource to its members."""

    account: str
    region: str
    base: Values
    pools: Mapping[str, Sequence[Values]]


@dataclass(frozen=True, slots=True)
class Company:
    """Everything that lasts longer than a day."""

    seed: str
    accounts: tuple[str, ...]
    places: tuple[Place, ...]
    people: tuple[Person, ...]

    def place(self, account: str, region: str) -> Place:
        """The place, which must exist."""
        return next(place for place in self.places if (place.account, place.region) == (account, region))

    def stream(self, *names: object) -> Random:
        """A stream of draws of its own for what `names` says; others' draws do not disturb it."""
        return Random("/".join(map(str, (self.seed, *names))))  # noqa: S311  # a simulation wants the same draws again

    def first(self, kind: Kind) -> Person:
        """The first person of a kind; there is at least one of each."""
        return next(person for person in self.people if person.kind is kind)


def found(seed: int | str, accounts: Sequence[str], staff: int) -> Company:
    """The company of `seed`, with at least six people."""
    company = Company(str(seed), tuple(accounts), (), ())
    people = tuple(_person(company, number) for number in range(max(6, staff)))
    places = tuple(_place(company, people, account, region) for account in accounts for region in REGIONS)
    return Company(company.seed, company.accounts, places, people)


_NAMES = tuple(
    "ada bruno chiara dmitri elena farid greta hugo ines jonas katya luis mira nils olga pavel rosa sven tara umar "  # noqa: SIM905
    "vera wim yara zeno anouk bela cosima dario edda finn".split()
)
_MACHINES = ("ci-legacy", "backup-operator")
_OFFSETS = (60, 60, 60, 0, 120, -300, 330, 540)
_WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"
_BROWSERS = (
    f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {_WEBKIT}",
    f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {_WEBKIT}",
    "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
)
_PYTHON = "md/pyimpl#CPython m/b,E,Z,g cfg/retry-mode"
_TOOLS = (
    f"aws-cli/2.31.4 md/awscrt#0.27.6 ua/2.1 os/macos#24.6.0 md/arch#arm64 lang/python#3.13.7 {_PYTHON}#standard",
    f"aws-cli/2.30.1 md/awscrt#0.27.6 ua/2.1 os/linux#6.8.0-79 md/arch#x86_64 lang/python#3.13.7 {_PYTHON}#standard",
    f"Boto3/1.40.35 md/Botocore#1.40.35 ua/2.1 os/linux#6.8.0-79 md/arch#x86_64 lang/python#3.12.3 {_PYTHON}#legacy",
)
_PERMISSION_SETS = ("ReadOnlyAccess", "PowerUserAccess", "PowerUserAccess", "AdministratorAccess")
_FIRST_KINDS = (Kind.IAM, Kind.DORMANT, Kind.MACHINE, Kind.MACHINE, Kind.SSO, Kind.SSO, Kind.SSO, Kind.IAM)


def _person(company: Company, number: int) -> Person:
    rng = company.stream("person", number)
    kind = _FIRST_KINDS[number] if number < len(_FIRST_KINDS) else Kind.SSO
    name = _NAMES[number % len(_NAMES)] + ("" if number < len(_NAMES) else str(number // len(_NAMES) + 1))
    if kind is Kind.MACHINE:
        name = _MACHINES[number % len(_MACHINES)]
    level = rng.choice(_PERMISSION_SETS)
    return Person(
        name=name,
        kind=kind,
        offset=rng.choice(_OFFSETS),
        home=f"198.51.100.{10 + number % 200}",
        office=rng.choice(OFFICES),
        principal=identifiers.principal(rng, "AIDA"),
        key=identifiers.access_key(rng, "AKIA"),
        browser=rng.choice(_BROWSERS),
        tool=rng.choice(_TOOLS),
        permission_set=f"AWSReservedSSO_{level}_{company.stream('set', level).getrandbits(64):016x}",
    )


_SERVICES = ("checkout", "orders", "payments", "catalogue", "search", "billing", "ledger", "notifier")
_SECRETS = ("database", "api-key", "signing-key", "smtp", "webhook")
_BUCKETS = ("assets", "exports", "invoices", "uploads", "logs", "artifacts")


def _place(company: Company, people: Sequence[Person], account: str, region: str) -> Place:
    rng = company.stream("place", account, region)
    arn = f"{region}:{account}"
    base = {"account": account, "region": region, "vpce": identifiers.resource(rng, "vpce"), "org": "o-example001"}
    pools: dict[str, Sequence[Values]] = {
        "secret": _secrets(rng, arn),
        "role": _roles(company, account),
        "user": [{"user": person.name} for person in people if person.kind is not Kind.SSO],
        "instance": [
            {"instance": identifiers.resource(rng, "i"), "instance.ip": f"198.18.{n}.{rng.randrange(4, 250)}"}
            for n in range(24)
        ],
        "bucket": [{"bucket": f"example-{name}-{account[-4:]}-{region}"} for name in _BUCKETS],
        "service": [{"service": name} for name in _SERVICES],
        "function": [{"function": name, "function.arn": f"arn:aws:lambda:{arn}:function:{name}"} for name in _SERVICES],
        "log": [{"log": f"/aws/lambda/{name}"} for name in _SERVICES],
        "parameter": [{"parameter": f"/production/{name}/config"} for name in _SERVICES],
        "stack": [{"stack": f"{name}-production"} for name in _SERVICES],
        "table": [{"table": name} for name in _SERVICES],
        "queue": [{"queue": f"{name}-events"} for name in _SERVICES],
        "cluster": [{"cluster": "production"}, {"cluster": "batch"}],
        "db": [{"db": f"{name}-db", "db.arn": f"arn:aws:rds:{arn}:db:{name}-db"} for name in _SERVICES[:4]],
        "group": [{"group": f"{name}-asg", "group.arn": _target_group(rng, arn, name)} for name in _SERVICES],
        "key": [_key(identifiers.uuid(rng), arn) for _ in range(4)],
        "trail": [{"trail": "account-trail", "trail.arn": f"arn:aws:cloudtrail:{arn}:trail/account-trail"}],
        "detector": [{"detector": identifiers.digits(rng, 32)}],
        "permission_set": [{"permission_set": name} for name in sorted(set(_PERMISSION_SETS))],
        "new_user": [{"new_user": "svc-monitor", "new_user.id": identifiers.principal(rng, "AIDA")}],
        **{name: [{name: identifiers.resource(rng, prefix)} for _ in range(count)] for name, prefix, count in _PLAIN},
    }
    return Place(account, region, base, pools)


_PLAIN = (("vpc", "vpc", 2), ("sg", "sg", 12), ("volume", "vol", 30), ("image", "ami", 3))


def _key(key: str, arn: str) -> Values:
    return {"key": key, "key.arn": f"arn:aws:kms:{arn}:key/{key}"}


def _secrets(rng: Random, arn: str) -> list[Values]:
    key = f"arn:aws:kms:{arn}:key/{identifiers.uuid(rng)}"
    return [_secret(rng, arn, f"production/{service}/{name}", key) for service in _SERVICES for name in _SECRETS]


def _secret(rng: Random, arn: str, name: str, key: str) -> Values:
    full = f"arn:aws:secretsmanager:{arn}:secret:{name}-{identifiers.suffix(rng, 6)}"
    return {
        "secret": name,
        "secret.arn": full,
        "secret.asked": rng.choice((name, full)),
        "secret.version": identifiers.uuid(rng).upper(),
        "secret.key": key,
    }


def _target_group(rng: Random, arn: str, name: str) -> str:
    return f"arn:aws:elasticloadbalancing:{arn}:targetgroup/{name}/{identifiers.digits(rng, 16)}"


def role(company: Company, account: str, name: str, path: str = "/") -> Values:
    """A role of the account; its id depends on the seed, the account and the name alone."""
    rng = company.stream("role", account, name)
    arn = f"arn:aws:iam::{account}:role{path}{name}"
    return {"role": name, "role.arn": arn, "role.id": identifiers.principal(rng, "AROA")}


def _roles(company: Company, account: str) -> list[Values]:
    return [role(company, account, f"{name}-task") for name in _SERVICES]
