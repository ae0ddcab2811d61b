"""The options that say what is wanted in an account, shared by every command of `vedette deploy`."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import TypeVar

import click
from click.core import ParameterSource

from vedette.aws import AwsSession, session
from vedette.cli.deploy_endpoints import subscription
from vedette.cli.deploy_params import Params, kept_text, recall
from vedette.cli.loading import choose, load, today
from vedette.cli.values import Number
from vedette.deploy.deployed import filter_names
from vedette.deploy.discovery import choose_trail, filters_taken, find_trails, identity
from vedette.deploy.event_regions import chosen_regions
from vedette.deploy.intrinsics import Place
from vedette.deploy.remembered import remembered
from vedette.deploy.wanted import ChannelWanted, ExistingTrail, Pack, Subscription, Wanted, check_name
from vedette.detections.definition import Detection, Severity
from vedette.errors import InputError, UsageError
from vedette.secrets import Provider, require_reference

R = TypeVar("R")
F = TypeVar("F", bound=Callable[..., object])

NOBODY = "111122223333"
"""The account of AWS's own examples: it stands in names where no account is asked."""
SOMEWHERE = "us-east-1"

_PARTITIONS = {
    "cn": "aws-cn",
    "us-gov": "aws-us-gov",
    "us-iso": "aws-iso",
    "us-isob": "aws-iso-b",
    "eusc-de": "aws-eusc",
}
"""By how the names of their regions begin; all others are in `aws`."""
_SEVERITIES = [severity.value for severity in Severity]
_WEBHOOKS = ("slack", "teams", "pagerduty", "webhook")
_SMTP_KEYS = ("host", "port", "security", "from", "to", "username", "password")


def _name(ctx: click.Context, param: click.Parameter, value: str) -> str:
    check_name(value)  # before AWS is asked for what is called so
    return value


_PLACE: tuple[Callable[[F], F], ...] = (
    click.option("--name", default="vedette", show_default=True, callback=_name, help="What every name begins with."),
    click.option("--region", metavar="REGION", help="The AWS region. [default: as for the AWS command line]"),
    click.option("--profile", metavar="NAME", help="The AWS profile. [default: as for the AWS command line]"),
    click.option("--account", metavar="ID", help="The account that is meant; another one is refused."),
)
_WANTED: tuple[Callable[[F], F], ...] = (
    click.option("-d", "--detections", multiple=True, metavar="PATH", help="Detections of your own."),
    click.option("--builtin/--no-builtin", default=True, help="With or without the built-in detections."),
    click.option("--only", multiple=True, metavar="ID", help="Only this detection, and what its rule needs."),
    click.option(
        "--min-severity", type=click.Choice(_SEVERITIES), metavar="SEVERITY", help="Only from this severity on."
    ),
    click.option(
        "--pack", type=click.Choice([pack.value for pack in Pack]), default="all", show_default=True,
        help="All that fit, or the exact CIS set that Security Hub checks, of which everybody named hears.",
    ),
    click.option("--email", multiple=True, metavar="[SEVERITY:]ADDRESS", help="Mail this address (from medium on)."),
    click.option("--sms", multiple=True, metavar="[SEVERITY:]NUMBER", help="Text this number, +44… (from high on)."),
    click.option("--https", multiple=True, metavar="[SEVERITY:]URL", help="Call this address (from low on)."),
    click.option("--queue", multiple=True, metavar="[SEVERITY:]ARN", help="Send to this SQS queue (everything)."),
    click.option("--slack", multiple=True, metavar="SECRET", help="Tell the whole story to a Slack webhook."),
    click.option("--teams", multiple=True, metavar="SECRET", help="… to a Microsoft Teams workflow."),
    click.option("--pagerduty", multiple=True, metavar="SECRET", help="… to a PagerDuty integration."),
    click.option("--webhook", multiple=True, metavar="SECRET", help="… to a webhook, as CloudEvents."),
    click.option(
        "--smtp", multiple=True, metavar="KEY=VALUE,…",
        help="… by mail: host=…,from=…,to=…,username=…,password=SECRET.",
    ),
    click.option("--use-trail", metavar="NAME", help="Use this trail; `auto` finds one. [default: make one]"),
    click.option("--organization", is_flag=True, help="Make the trail one of the whole organisation."),
    click.option("--log-group", metavar="NAME", help="Use this log group. [default: make one]"),
    click.option("--bucket", metavar="NAME", help="Use this bucket for the trail. [default: make one]"),
    click.option("--retention-days", type=Number(1), default=365, show_default=True, help="How long logs are kept."),
    click.option("--key/--no-key", default=True, help="With or without a KMS key of your own."),
    click.option("--storyteller/--no-storyteller", default=True, help="With or without the function that tells who."),
    click.option(
        "--architecture", type=click.Choice(["arm64", "x86_64"]), default="arm64", show_default=True,
        help="What the function runs on.",
    ),
    click.option("--events/--no-events", default=True, help="With or without EventBridge for what cannot wait."),
    click.option(
        "--event-region", multiple=True, metavar="REGION",
        help="EventBridge for this region's events too, beside the home's and those where sign-ins are recorded; "
        "`home` leaves these out.",
    ),
    click.option("--dashboard/--no-dashboard", default=True, help="With or without a CloudWatch dashboard."),
    click.option("--composites/--no-composites", default=True, help="With or without an alarm over each severity."),
    click.option("--data-bucket", multiple=True, metavar="NAME", help="Record object access in this bucket too."),
    click.option("--data-function", multiple=True, metavar="NAME", help="Record calls of this function too."),
    click.option("--owner", default="", metavar="WHO", help="A tag: whom to ask about it."),
    click.option("--runbook-url", default="", metavar="URL", help="Where your runbooks are; alarms link there."),
    click.option("--assets-bucket", metavar="NAME", help="Upload through this bucket. [default: make one]"),
    click.option("--bundle", metavar="FILE", help="The function's code as a zip made before. [default: build it]"),
    click.option(
        "--reset", multiple=True, metavar="OPTION", help="Forget what was deployed of this option; `all`: of every one."
    ),
)  # fmt: skip


def place_options(command: Callable[..., R]) -> Callable[..., R]:
    """The options that say where a deployment is: the command gets `name`, `region`, `profile`, `account`."""
    for option in reversed(_PLACE):
        command = option(command)
    return command


def wanted_options(command: Callable[..., R]) -> Callable[..., R]:
    """Every option that says what is wanted; the command gets them as one argument, `params`."""
    names = [field.name for field in fields(Params) if field.name not in ("given", "typed", "recalled")]

    @functools.wraps(command)
    def gathered(*args: object, **given: object) -> R:
        taken: dict[str, object] = {name: given.pop(name) for name in names}
        typed = frozenset(name for name in names if _is_typed(name))
        usual = _usual(names)
        telling = frozenset(name for name in typed if taken[name] != usual[name])
        made = Params(**taken, typed=typed, given=telling)  # type: ignore[arg-type]  # click made them so
        return command(*args, params=made, **given)

    made: Callable[..., R] = gathered
    for option in reversed((*_PLACE, *_WANTED)):
        made = option(made)
    return made


def _is_typed(name: str) -> bool:
    source = click.get_current_context().get_parameter_source(name)
    return source not in (None, ParameterSource.DEFAULT, ParameterSource.DEFAULT_MAP)


def _usual(names: Sequence[str]) -> dict[str, object]:
    """What the options are where nobody says anything."""
    context = click.get_current_context()
    return {
        one.name: () if getattr(one, "multiple", False) else one.get_default(context)
        for one in context.command.params
        if one.name in names
    }


def session_of(region: str | None, profile: str | None) -> AwsSession:
    """The session in which an account is asked."""
    return session(profile, region)


def account_of(aws: AwsSession, expected: str | None) -> tuple[str, str, str]:
    """The account, the partition and the region of a session; UsageError if another account was meant."""
    region = aws.client("cloudformation").region
    who = identity(aws)
    if expected is not None and who.account != expected:
        raise UsageError(
            f"these are credentials of the account {who.account}, not of {expected}",
            hint="choose others with --profile or AWS_PROFILE",
        )
    return who.account, who.partition, region


def recalled(params: Params, aws: AwsSession) -> Params:
    """The same with what is deployed as the default of every option that was not given; asks CloudFormation."""
    return recall(params, remembered(aws.client("cloudformation"), params.name))


def deployed_option(command: Callable[..., R]) -> Callable[..., R]:
    """`--deployed`, for commands that ask nobody without it."""
    return click.option("--deployed", is_flag=True, help="Ask AWS what is deployed, and start from that.")(command)


def perhaps_deployed(params: Params, deployed: bool) -> Wanted:
    """What is wanted: without asking anybody or, with `--deployed`, on top of what is deployed."""
    if not deployed:
        return offline_wanted(params)
    aws = session_of(params.region, params.profile)
    return wanted_of(recalled(params, aws), aws)


def wanted_of(params: Params, aws: AwsSession) -> Wanted:
    """What is wanted, in the account and region of the session; asks STS and, for `--use-trail`, CloudTrail."""
    account, partition, region = account_of(aws, params.account)
    trail = None
    if params.use_trail is not None:
        trail = choose_trail(find_trails(aws, account), params.use_trail, region, params.name)
    wanted = _wanted(params, account, partition, region, trail)
    shared = wanted.log_group or (trail.log_group if trail is not None else None)
    return wanted if shared is None else _beside_others(wanted, shared, aws)


def _beside_others(wanted: Wanted, group: str, aws: AwsSession) -> Wanted:
    """The same with what is taken of the quotas of a log group that was there before."""
    ours = filter_names(aws, Place.of(wanted))
    taken, regexes = filters_taken(aws, group, ours)
    return replace(wanted, filters_taken=taken, regex_filters_taken=regexes)


def offline_wanted(params: Params) -> Wanted:
    """The same without asking anybody: the account of AWS's examples, and us-east-1, where none is named."""
    account, region = params.account or NOBODY, params.region or SOMEWHERE
    partition = partition_of(region)
    trail = None
    if params.use_trail is not None:
        named = f"arn:{partition}:cloudtrail:{region}:{account}:trail/{params.use_trail}"
        trail = ExistingTrail(params.use_trail, named, params.log_group, params.bucket or f"{params.use_trail}-logs")
    return _wanted(params, account, partition, region, trail)


def partition_of(region: str) -> str:
    """The partition that a region is in."""
    return _PARTITIONS.get(region.rsplit("-", 2)[0], "aws")


def nothing_wanted(name: str, account: str, region: str, partition: str, assets_bucket: str | None) -> Wanted:
    """Where a deployment is, for what only looks for it or removes it: no detection is wanted there."""
    return Wanted(
        name=name, account=account, region=region, partition=partition, detections=(), assets_bucket=assets_bucket
    )


def _wanted(params: Params, account: str, partition: str, region: str, trail: ExistingTrail | None) -> Wanted:
    return Wanted(
        account=account,
        region=region,
        partition=partition,
        name=params.name,
        detections=_detections(params),
        pack=Pack(params.pack),
        subscriptions=tuple(_subscriptions(params)),
        channels=tuple(_channels(params)),
        trail=trail,
        organization=params.organization,
        log_group=params.log_group,
        bucket=params.bucket,
        retention_days=params.retention_days,
        key=params.key,
        storyteller=params.storyteller,
        architecture=params.architecture,
        events=params.events,
        event_regions=chosen_regions(params.event_region, partition, region) if params.events else (),
        dashboard=params.dashboard,
        composites=params.composites,
        data_buckets=params.data_bucket,
        data_functions=params.data_function,
        owner=params.owner,
        runbook_url=params.runbook_url,
        assets_bucket=params.assets_bucket,
        today=today(),
        options=kept_text(params, trail),
    )


def _detections(params: Params) -> tuple[Detection, ...]:
    least = Severity(params.min_severity) if params.min_severity else Severity.INFORMATIONAL
    if "detections" in params.recalled and (gone := [one for one in params.detections if not Path(one).exists()]):
        raise UsageError(
            f"`{gone[0]}` is not here, and what is deployed was made with the detections in it",
            hint="go where it is, say where with `-d PATH`, or leave them out with `--reset detections`",
        )
    known = load(params.detections, builtin=params.builtin)
    named = params.only or tuple(one.id for one in known if one.severity >= least)
    found = choose(known, named) if named else ()
    if not found:
        raise InputError("no detection is left to deploy", hint="look at --only, --min-severity and --no-builtin")
    return found


def _subscriptions(params: Params) -> list[Subscription]:
    ends_of: Mapping[str, Sequence[str]] = {
        "email": params.email, "sms": params.sms, "https": params.https, "sqs": params.queue,
    }  # fmt: skip
    return [subscription(protocol, one, Pack(params.pack)) for protocol, ends in ends_of.items() for one in ends]


def _channels(params: Params) -> list[ChannelWanted]:
    found = []
    for kind in _WEBHOOKS:
        for number, reference in enumerate(getattr(params, kind), start=1):
            found.append(ChannelWanted(_numbered(kind, number), kind, _reference(kind, reference)))
    for number, given in enumerate(params.smtp, start=1):
        found.append(_smtp(_numbered("smtp", number), given))
    return found


def _numbered(kind: str, number: int) -> str:
    return kind if number == 1 else f"{kind}-{number}"


def _smtp(name: str, given: str) -> ChannelWanted:
    pairs = dict(part.partition("=")[::2] for part in given.split(","))
    wrong = sorted(set(pairs) - set(_SMTP_KEYS)) or [key for key in ("host", "from", "to") if not pairs.get(key)]
    if wrong:
        raise UsageError(f"`--smtp`: look at `{wrong[0]}`", hint=f"KEY=VALUE,… with {', '.join(_SMTP_KEYS)}")
    secret = pairs.pop("password", "")
    options = tuple((key, pairs[key]) for key in _SMTP_KEYS if key in pairs)
    return ChannelWanted(name, "smtp", _reference("smtp", secret) if secret else "", options)


def _reference(kind: str, given: str) -> str:
    found = require_reference(given, f"`--{kind}`", suggestion=f"vedette/{kind}")
    if found.provider is not Provider.AWS:
        raise UsageError(
            f"the function in AWS cannot read `{found}`", hint="put it into Secrets Manager: `vedette secrets put NAME`"
        )
    return str(found)
