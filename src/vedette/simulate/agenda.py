"""What people and pipelines do on a day: sign in, look at pages, run tools, deploy, rotate a secret.

Each person's day is drawn by itself from the seed, the person and the date, in the person's own working hours. The
result is a list of errands in order of time; records are made from it later, slot by slot.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from random import Random

from vedette.simulate import identifiers, shape
from vedette.simulate.acts import ACTS, Act, Caller, Written, by_service, caller, perform
from vedette.simulate.company import Company, Kind, Person, Place, role
from vedette.simulate.template import GLOBAL_REGION, Transport, Values

_DAY = 86_400
_SSO_PATH = "/aws-reserved/sso.amazonaws.com/"


@dataclass(frozen=True, slots=True)
class Errand:
    """Some acts of one caller, one after another from `at` on, at most `pace` seconds apart."""

    at: int
    who: Caller
    place: Place
    acts: tuple[Act, ...]
    pace: int = 2
    chosen: Values | None = None

    def records(self, rng: Random) -> Iterator[Written]:
        """The records of the errand."""
        at = self.at
        for act in self.acts:
            yield from perform(act, self.who, self.place, at, rng, self.chosen)
            at += rng.randint(0, self.pace)


def _acts(names: str) -> tuple[Act, ...]:
    return tuple(ACTS[name] for name in names.split())


_PAGES = (
    "DescribeInstances DescribeInstanceStatus DescribeVolumes DescribeKeyPairs DescribeAddresses",
    "DescribeAvailabilityZones DescribeAccountAttributes DescribeEventAggregates DescribeInstances",
    "DescribeSecurityGroups DescribeVpcs DescribeNetworkInterfaces DescribeAccountAttributes",
    "DescribeVpcs DescribeSubnets DescribeRouteTables DescribeAccountAttributes ListNotificationHubs",
    "DescribeDBInstances DescribeDBClusters ListTagsForResource DescribeAlarms",
    "ListFunctions20150331 GetFunction20150331v2 GetPolicy20150331v2 DescribeLogGroups",
    "DescribeLogGroups DescribeLogStreams DescribeAlarms ListDashboards",
    "ListBuckets GetBucketLocation GetBucketAcl GetBucketVersioning GetBucketPublicAccessBlock",
    "DescribeServices ListTasks DescribeTasks DescribeTargetHealth DescribeLoadBalancers",
    "ListRoles GetAccountSummary ListAccountAliases GetRole ListAttachedRolePolicies",
    "DescribeTrails LookupEvents LookupEvents ListDetectors",
    "ListSecrets DescribeSecret ListAliases",
)
_COMMANDS = (
    "GetCallerIdentity DescribeInstances DescribeInstances",
    "GetCallerIdentity DescribeServices ListTasks DescribeTasks",
    "GetCallerIdentity DescribeStacks ListStacks",
    "GetCallerIdentity ListBuckets ListObjects HeadObject",
    "GetCallerIdentity DescribeLogStreams DescribeLogStreams",
)
_PLAN = (
    "GetCallerIdentity DescribeVpcs DescribeSubnets DescribeRouteTables DescribeSecurityGroups DescribeSecurityGroups "
    "DescribeImages DescribeLaunchTemplates DescribeLoadBalancers DescribeTargetHealth GetRole ListRolePolicies "
    "ListAttachedRolePolicies DescribeDBInstances DescribeTable GetBucketLocation GetBucketVersioning DescribeStacks"
)
_PUSH = "GetAuthorizationToken BatchGetImage GetDownloadUrlForLayer DescribeServices UpdateService DescribeServices"
_CODE = "PutObject UpdateFunctionCode20150331v2 GetFunction20150331v2"
_OPEN_INSIDE = "CreateSecurityGroup DescribeSecurityGroups AuthorizeSecurityGroupIngress DescribeSecurityGroups"


def agenda(company: Company, day: date, start: int, pace: float) -> list[Errand]:
    """Every errand of the day that starts at `start`, in order of time.

    `pace` scales how much each person does, 1.0 being a full day. At a weekend only those on call come.
    """
    weekend, home = day.weekday() >= 5, company.places[0].region
    people = (_person_day(company, person, start, pace, weekend) for person in company.people)
    pipelines = (_pipeline_day(company, place, start, pace, weekend) for place in company.places)
    rotations = (_rotation(company, company.place(account, home), start) for account in company.accounts)
    services = (_service_events(company, place, start) for place in company.places)
    errands = itertools.chain.from_iterable(itertools.chain(people, pipelines, rotations, services))
    return sorted(errands, key=lambda errand: errand.at)


def _person_day(company: Company, person: Person, start: int, pace: float, weekend: bool) -> Iterator[Errand]:
    rng = company.stream("agenda", person.name, start)
    if person.kind is Kind.DORMANT:
        return
    if person.kind is Kind.MACHINE:
        yield from _machine_day(company, person, rng, start, pace)
        return
    if weekend and rng.random() > 0.15:
        return
    begin = rng.gauss(8 * 3600 + 2700, 1500) - person.offset * 60
    ip = person.office if rng.random() < 0.6 else person.home
    account = rng.choice(company.accounts)
    for hour in sorted(rng.sample((0, 1, 4, 6, 7), rng.randint(1, 3))):
        at = start + int(begin + hour * 3600 + rng.randrange(1200)) % _DAY
        visit = _sso_visit if person.kind is Kind.SSO else _user_visit
        yield from visit(company, person, account, at, ip, rng, pace)


def _pages(rng: Random, who: Caller, place: Place, at: int, pace: float) -> Iterator[Errand]:
    for _ in range(max(1, round(rng.randint(4, 12) * pace))):
        at += rng.randrange(15, 420)
        yield Errand(at, who, place, _acts(rng.choice(_PAGES)))


def _sso_visit(
    company: Company, person: Person, account: str, at: int, ip: str, rng: Random, pace: float
) -> Iterator[Errand]:
    """The access portal, then the console, or sometimes the command line, as a role of the permission set."""
    place = company.place(account, _region(company, rng))
    portal = shape.identity_center_user(account, "d-9067example", identifiers.uuid(company.stream("id", person.name)))
    at_portal = caller(portal, ip, person.browser, name=person.email, transport=Transport.FORWARDED)
    yield Errand(at, at_portal, place, _acts("Authenticate Federate"), 6, {"permission_set": person.permission_set})
    tool = rng.random() < 0.3
    who = session(company, person, account, at + 8, ip, console=not tool)
    if tool:
        for number in range(max(1, round(3 * pace))):
            yield Errand(at + 20 + 300 * number, who, place, _acts(rng.choice(_COMMANDS)), 20)
        return
    yield Errand(at + 9, signing_in(company, person, account, at + 8, ip), place, (ACTS["ConsoleLogin sso"],))
    yield from _pages(rng, who, place, at + 12, pace)


def session(company: Company, person: Person, account: str, at: int, ip: str, *, console: bool) -> Caller:
    """A person in the role of the permission set, in the console or with a tool."""
    rng = company.stream("session", person.name, account, at)
    acting = role(company, account, person.permission_set, _SSO_PATH)
    identity = shape.assumed_role(
        account, person.permission_set, acting["role.id"], person.email, identifiers.access_key(rng, "ASIA"),
        shape.session_attributes(at, mfa=False), path=_SSO_PATH,
    )  # fmt: skip
    agent, transport = (person.browser, Transport.CONSOLE) if console else (person.tool, Transport.DIRECT)
    return caller(identity, ip, agent, name=person.email, transport=transport)


def signing_in(company: Company, person: Person, account: str, at: int, ip: str) -> Caller:
    """The identity on a ConsoleLogin through IAM Identity Center: the role's session, without a key."""
    acting = role(company, account, person.permission_set, _SSO_PATH)
    attributes = shape.session_attributes(at, mfa=False)
    identity = shape.assumed_role(
        account, person.permission_set, acting["role.id"], person.email, "", attributes, path=_SSO_PATH
    )
    return caller(identity, ip, person.browser, name=person.email)


def _region(company: Company, rng: Random) -> str:
    regions = [place.region for place in company.places if place.account == company.accounts[0]]
    return rng.choices(regions, (6, 3, 1)[: len(regions)])[0]


def _user_visit(
    company: Company, person: Person, account: str, at: int, ip: str, rng: Random, pace: float
) -> Iterator[Errand]:
    """An IAM user: now and then a mistyped password, the MFA prompt, the sign-in, some pages."""
    place = company.place(account, GLOBAL_REGION)
    chosen = {"user": person.name}
    failed = shape.failed_user(account, person.name, person.principal)
    typing = caller(failed, ip, person.browser, name=person.name)
    if rng.random() < 0.2:
        yield Errand(at - 25, typing, place, (ACTS["ConsoleLogin wrong password"],), chosen=chosen)
    yield Errand(at - 6, typing, place, (ACTS["CheckMfa"],), chosen=chosen)
    known = caller(shape.iam_user(account, person.name, person.principal, None), ip, person.browser, name=person.name)
    yield Errand(at, known, place, (ACTS["ConsoleLogin mfa"],), chosen=chosen)
    yield from _pages(rng, console_user(company, person, account, at, ip, mfa=True), place, at + 2, pace)


def console_user(company: Company, person: Person, account: str, at: int, ip: str, *, mfa: bool) -> Caller:
    """An IAM user in the console."""
    key = identifiers.access_key(company.stream("console", person.name, at), "ASIA")
    identity = shape.iam_user(account, person.name, person.principal, key)
    identity = shape.with_session(identity, shape.session_attributes(at, mfa=mfa))
    return caller(identity, ip, person.browser, name=person.name, transport=Transport.CONSOLE)


def machine(person: Person, account: str, ip: str, agent: str | None = None) -> Caller:
    """An IAM user's long-lived key in use from `ip`."""
    identity = shape.iam_user(account, person.name, person.principal, person.key)
    return caller(identity, ip, agent or person.tool, name=person.name)


def _machine_day(company: Company, person: Person, rng: Random, start: int, pace: float) -> Iterator[Errand]:
    """A program with a key of its own: at regular times, the same few calls, from the same address."""
    account = company.accounts[0]
    who = machine(person, account, f"198.18.250.{person.home.rpartition('.')[2]}")
    place = company.places[0]
    names = "DescribeVolumes CreateSnapshot" if person.name.startswith("backup") else "GetCallerIdentity DescribeStacks"
    step = max(1200, round(1800 / max(pace, 0.1)))
    for at in range(start + rng.randrange(600), start + _DAY, step):
        yield Errand(at, who, place, _acts(names))


def _pipeline_day(company: Company, place: Place, start: int, pace: float, weekend: bool) -> Iterator[Errand]:
    """Deployments by the pipeline's role; one of them a day, at home, makes a security group for inside traffic."""
    rng = company.stream("pipeline", place.account, place.region, start)
    home = place.region == company.places[0].region
    for number in range(max(1, round((8 if home else 2) * pace)) if not weekend else 1):
        at = start + rng.randrange(7 * 3600, 18 * 3600)
        kind = _OPEN_INSIDE if home and number == 0 and not weekend else rng.choice((_PUSH, _CODE, ""))
        yield from _pipeline_run(company, place, at, rng, f"{_PLAN} {kind}")


def _pipeline_run(company: Company, place: Place, at: int, rng: Random, names: str) -> Iterator[Errand]:
    provider = f"arn:aws:iam::{place.account}:oidc-provider/token.actions.example.com"
    subject = f"repo:example/{rng.choice(('shop', 'platform', 'reports'))}:ref:refs/heads/main"
    ip, agent = f"198.18.251.{rng.randrange(4, 250)}", "Boto3/1.40.35 md/Botocore#1.40.35 exec-env/pipeline"
    acting = role(company, place.account, "ci-deploy")
    runner = f"run-{rng.getrandbits(40)}"
    chosen = {**acting, "provider": provider, "subject": subject, "instance": runner}
    token = caller(shape.web_identity(provider, subject), ip, agent, name=subject)
    yield Errand(at, token, place, (ACTS["AssumeRoleWithWebIdentity"],), chosen=chosen)
    identity = shape.assumed_role(
        place.account, "ci-deploy", acting["role.id"], runner, identifiers.access_key(rng, "ASIA"),
        shape.session_attributes(at, mfa=False),
    )  # fmt: skip
    tool = "APN/1.0 HashiCorp/1.0 Terraform/1.13.2 (+https://www.terraform.io) terraform-provider-aws/6.13.0"
    same = rng.choice(place.pools["sg"]) | rng.choice(place.pools["service"])
    yield Errand(at + 5, caller(identity, ip, tool, name=f"ci-deploy/{runner}"), place, _acts(names), 3, same)


def _rotation(company: Company, place: Place, start: int) -> Iterator[Errand]:
    """One secret of each account is rotated a day: the service's own records, and the function that does the work."""
    rng = company.stream("rotation", place.account, place.region, start)
    at, secret = start + rng.randrange(_DAY - 60), rng.choice(place.pools["secret"])
    service = "secretsmanager.amazonaws.com"
    manager = by_service(shape.service_event(place.account, service), service)
    acting = role(company, place.account, "rotate-secrets-function")
    identity = shape.assumed_role(
        place.account, acting["role"], acting["role.id"], "rotate-secrets", identifiers.access_key(rng, "ASIA"),
        shape.session_attributes(at, mfa=False),
    )  # fmt: skip
    function = caller(identity, "198.18.252.9", "Boto3/1.40.35 exec-env/AWS_Lambda_python3.13", name="rotate-secrets")
    work = ("DescribeSecret", "read secret", "write secret", "UpdateSecretVersionStage")
    yield Errand(at, manager, place, _acts("RotationStarted"), chosen=secret)
    yield Errand(at + 2, function, place, tuple(ACTS[name] for name in work), 3, secret)
    yield Errand(at + 15, manager, place, _acts("RotationSucceeded"), chosen=secret)


def _service_events(company: Company, place: Place, start: int) -> Iterator[Errand]:
    """What AWS does by itself, and logs without a type of identity."""
    rng = company.stream("service events", place.account, place.region, start)
    for name, invoker in (("RotateKey", "AWS Internal"), ("BidEvictedEvent", "ec2.amazonaws.com")):
        who = by_service(shape.service_event(place.account, invoker), invoker)
        yield Errand(start + rng.randrange(_DAY), who, place, _acts(name))
