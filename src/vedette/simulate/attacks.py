"""The attacks, each as a story that is told into the day of the company.

A step of a story is a function of its own, so that `full-attack` tells the same steps as the scenarios that are named
after them, as one campaign by one attacker. Times are UTC.
"""

from __future__ import annotations

from collections.abc import Callable

from vedette.simulate import identifiers, shape
from vedette.simulate.acts import Caller
from vedette.simulate.company import Kind, Person
from vedette.simulate.expected import Step
from vedette.simulate.story import Story

Telling = Callable[[Story], None]
_CLI = (
    "aws-cli/2.27.2 md/awscrt#0.26.1 ua/2.1 os/linux#6.12.25-amd64 md/arch#x86_64 lang/python#3.13.2 md/pyimpl#CPython"
)
_SDK = "Boto3/1.38.4 md/Botocore#1.38.4 ua/2.1 os/linux#6.12.25-amd64 md/arch#x86_64 lang/python#3.13.2"


def quiet_day(story: Story) -> None:
    """Nothing is told."""


def brute_force(story: Story) -> None:
    """Passwords are guessed for unknown and known users from one address, until one fits; there is no MFA."""
    _guess_and_enter(story, story.at(4, 12))


def secrets_theft(story: Story) -> None:
    """A pipeline's key, found outside, reads every secret that it may."""
    who = story.stolen_key(story.person(Kind.MACHINE), _SDK)
    at = story.at(2, 31)
    story.tell(Step.ASK_WHO, at, who, "GetCallerIdentity")
    at = _try_refused(story, at + 35, who)
    at = _take_secrets(story, at + 60, who)
    person = story.person(Kind.MACHINE)
    story.tell(Step.KEY_DELETED, at + 240, who, "DeleteAccessKey", {"for_user": person.name, "made_key": person.key})


def root_use(story: Story) -> None:
    """Someone signs in as root without MFA, and makes root an access key."""
    at, account = story.at(3, 3), story.home.account
    wrong = story.browser_as(shape.root(account), "root")
    story.tell(Step.ROOT_WRONG_PASSWORD, at, wrong, "ConsoleLogin wrong password")
    story.tell(Step.ROOT_SIGN_IN, at + 41, wrong, "ConsoleLogin no mfa")
    key = story.new_key().replace("AKIA", "ASIA", 1)
    session = shape.with_session(shape.root(account, key), shape.session_attributes(at + 41, mfa=False))
    who = story.browser_as(session, "root")
    for number, call in enumerate(("GetAccountSummary", "ListUsers", "ListAccountAliases")):
        story.tell(Step.ROOT_CALL, at + 60 + 4 * number, who, call)
    story.tell(Step.ROOT_KEY, at + 130, who, "CreateAccessKey own", {"made_key": story.new_key()})


def security_group_opened(story: Story) -> None:
    """SSH and RDP are opened to the world, in each way in which the API allows it."""
    _open_groups(story, story.at(1, 44), story.stolen_key(story.person(Kind.MACHINE), _CLI))


def trail_stopped(story: Story) -> None:
    """The account's trail is blinded, stopped and deleted; GuardDuty and Config are switched off."""
    _cover_up(story, story.at(5, 20), story.stolen_key(story.person(Kind.MACHINE), _CLI))


def key_exfiltration(story: Story) -> None:
    """A user with all rights is made, keys are made for others, a disk and a bucket are carried off."""
    at = story.at(0, 52)
    who = story.stolen_key(story.person(Kind.MACHINE), _CLI)
    mine = _settle_in(story, at, who, story.person(Kind.IAM))
    _carry_off(story, at + 900, mine)


def full_attack(story: Story) -> None:
    """One attacker, one afternoon: a leaked key, a guessed password, a user of their own, secrets, data, cover-up.

    The files are those of an organisation's trail, which the attacker cannot reach: so the records go on after the
    account's own trail is stopped.
    """
    scout = story.stolen_key(story.person(Kind.MACHINE), _SDK)
    story.tell(Step.ASK_WHO, story.at(12, 4), scout, "GetCallerIdentity")
    _try_refused(story, story.at(12, 6), scout)
    inside = _guess_and_enter(story, story.at(12, 41))
    mine = _settle_in(story, story.at(13, 8), inside, story.person(Kind.IAM))
    _take_secrets(story, story.at(13, 26), mine)
    _open_groups(story, story.at(13, 47), mine)
    _carry_off(story, story.at(14, 2), mine)
    _cover_up(story, story.at(14, 33), mine)


_GUESSED = 9


def _guess_and_enter(story: Story, at: int) -> Caller:
    """Failures for unknown users, then for a known one, a success; the answer is the session in the console."""
    victim = story.person(Kind.DORMANT)
    nobody = story.browser_as(shape.unknown_user(story.home.account), "unknown user")
    for number in range(_GUESSED):
        story.tell(Step.UNKNOWN_USER, at + 9 * number, nobody, "ConsoleLogin unknown user")
    at += 9 * _GUESSED
    account = story.home.account
    typing = story.browser_as(shape.failed_user(account, victim.name, victim.principal), victim.name)
    for number in range(_GUESSED):
        moment = at + 13 * number + story.rng.randrange(6)
        story.tell(Step.WRONG_PASSWORD, moment, typing, "ConsoleLogin wrong password")
    at += 13 * _GUESSED + 15
    known = story.browser_as(shape.iam_user(account, victim.name, victim.principal, None), victim.name)
    story.tell(Step.SIGN_IN, at, known, "ConsoleLogin no mfa")
    inside = story.console(victim, at)
    for number, call in enumerate(("ListUsers", "ListRoles", "DescribeInstances", "ListBuckets", "ListSecrets")):
        story.tell(Step.LOOK_AROUND, at + 20 + 11 * number, inside, call)
    return inside


_REFUSED = (
    "iam:ListUsers iam:ListRoles iam:GetAccountAuthorizationDetails iam:GetAccountSummary iam:ListAccountAliases "
    "organizations:DescribeOrganization cloudtrail:DescribeTrails guardduty:ListDetectors s3:ListAllMyBuckets "
    "ec2:DescribeInstances ec2:DescribeSnapshots ec2:DescribeSecurityGroups ec2:DescribeVpcs ec2:DescribeVolumes "
    "ec2:DescribeKeyPairs ec2:DescribeImages rds:DescribeDBInstances rds:DescribeDBClusters lambda:ListFunctions "
    "ecs:ListTasks ssm:DescribeParameters ssm:DescribeInstanceInformation kms:ListAliases logs:DescribeLogGroups "
    "cloudformation:ListStacks dynamodb:DescribeTable"
)
_EVENTS = {"ListAllMyBuckets": "ListBuckets", "ListFunctions": "ListFunctions20150331"}
"""Events whose names differ from the action's."""


def _try_refused(story: Story, at: int, who: Caller) -> int:
    """What a key is good for is tried out, service by service; it is refused."""
    for action in _REFUSED.split():
        name = action.partition(":")[2]
        story.refuse(Step.REFUSED, at, who, _EVENTS.get(name, name), action)
        at += story.rng.randint(1, 4)
    return at


def _take_secrets(story: Story, at: int, who: Caller) -> int:
    """List, be refused some, read the rest one by one, then in batches; the answer is when it is over."""
    secrets = story.home.pools["secret"]
    story.tell(Step.LIST_SECRETS, at, who, "ListSecrets")
    at += 7
    for secret in secrets[:4]:
        action = "secretsmanager:GetSecretValue"
        story.refuse(Step.SECRET_REFUSED, at, who, "GetSecretValue", action, secret["secret.arn"])
        at += story.rng.randint(1, 3)
    for secret in secrets[4:24]:
        story.read_secret(at, who, secret)
        at += story.rng.randint(1, 3)
    for first in (24, 32):
        story.read_secrets(at, who, secrets[first : first + 8])
        at += 5
    return at


def _open_groups(story: Story, at: int, who: Caller) -> None:
    values = story.tell(
        Step.GROUP_CREATED, at, who, "CreateSecurityGroup", {"open": identifiers.resource(story.rng, "sg")}
    )
    shapes: tuple[tuple[Step, str], ...] = (
        (Step.GROUP_OPENED, "AuthorizeSecurityGroupIngress"),
        (Step.GROUP_OPENED_FLAT, "AuthorizeSecurityGroupIngress flat"),
        (Step.GROUP_OPENED_IPV6, "AuthorizeSecurityGroupIngress IPv6"),
        (Step.GROUP_RULE_MODIFIED, "ModifySecurityGroupRules"),
    )
    for number, (step, call) in enumerate(shapes):
        story.tell(step, at + 20 + 45 * number, who, call, values)
    story.tell(Step.GROUP_DELETED, at + 420, who, "DeleteSecurityGroup", values)


def _cover_up(story: Story, at: int, who: Caller) -> None:
    story.tell(Step.LOOK_AROUND, at, who, "DescribeTrails")
    story.tell(Step.LOOK_AROUND, at + 6, who, "GetTrailStatus")
    steps: tuple[tuple[Step, str], ...] = (
        (Step.GUARDDUTY_DISABLED, "UpdateDetector"),
        (Step.GUARDDUTY_DELETED, "DeleteDetector"),
        (Step.CONFIG_STOPPED, "StopConfigurationRecorder"),
        (Step.TRAIL_BLINDED, "PutEventSelectors"),
        (Step.TRAIL_STOPPED, "StopLogging"),
        (Step.TRAIL_DELETED, "DeleteTrail"),
    )
    for number, (step, call) in enumerate(steps):
        story.tell(step, at + 25 + 14 * number, who, call)


def _settle_in(story: Story, at: int, who: Caller, other: Person) -> Caller:
    """A new user with all rights, a password and a key for it, a key for `other`; the answer is the new user's key."""
    values = story.tell(Step.USER_CREATED, at, who, "CreateUser")
    story.tell(Step.ADMIN_GRANTED, at + 14, who, "AttachUserPolicy", values)
    story.tell(Step.PASSWORD_GIVEN, at + 31, who, "CreateLoginProfile", values)
    key = story.new_key()
    mine = {"for_user": values["new_user"], "made_key": key}
    story.tell(Step.KEY_FOR_OTHER, at + 47, who, "CreateAccessKey", values | mine)
    story.tell(
        Step.KEY_FOR_OTHER, at + 66, who, "CreateAccessKey", {"for_user": other.name, "made_key": story.new_key()}
    )
    acting = story.made_key(values["new_user"], values["new_user.id"], key, _CLI)
    story.tell(Step.ASK_WHO, at + 90, acting, "GetCallerIdentity")
    return acting


_COPIED = 24


def _carry_off(story: Story, at: int, who: Caller) -> None:
    taken = story.tell(
        Step.SNAPSHOT_TAKEN, at, who, "CreateSnapshot", {"taken": identifiers.resource(story.rng, "snap")}
    )
    story.tell(Step.SNAPSHOT_SHARED, at + 95, who, "ModifySnapshotAttribute", taken)
    bucket = {"bucket": story.home.pools["bucket"][1]["bucket"]}
    story.tell(Step.BUCKET_OPENED, at + 140, who, "PutBucketPolicy", bucket)
    for number in range(_COPIED):
        story.tell(Step.DATA_COPIED, at + 170 + 3 * number, who, "GetObject", bucket)
