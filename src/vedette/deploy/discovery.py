"""What an account already holds: who is asking, and the trails that are there. It reads, and changes nothing."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from vedette.aws import AwsError, AwsSession, Failure
from vedette.deploy.answers import flag, records, text
from vedette.deploy.intrinsics import Place
from vedette.deploy.wanted import ExistingTrail
from vedette.errors import InputError, PatternSyntaxError
from vedette.patterns import FilterPattern

AUTO = "auto"


@dataclass(frozen=True, slots=True)
class Identity:
    """Whose credentials these are: the account, its partition (`aws`, `aws-cn`, `aws-us-gov`), and who."""

    account: str
    partition: str
    arn: str


@dataclass(frozen=True, slots=True)
class FoundTrail:
    """A trail that exists, with what decides whether metric filters can be put behind it."""

    name: str
    arn: str
    bucket: str
    log_group: str | None
    """None: it writes to no log group of this account."""
    home: str
    everywhere: bool
    """Whether it records every region."""
    organization: bool
    elsewhere: str = ""
    """The account of the log group that it writes to, where that is another one."""


def identity(session: AwsSession) -> Identity:
    """Ask STS, which needs no permission."""
    answer = session.client("sts").call("get_caller_identity")
    arn = text(answer, "Arn")
    return Identity(text(answer, "Account"), arn.split(":")[1] if arn.count(":") > 1 else "aws", arn)


def find_trails(session: AwsSession, account: str) -> tuple[FoundTrail, ...]:
    """Every trail that records this account, an organisation's and those of other regions included."""
    answer = session.client("cloudtrail").call("describe_trails", includeShadowTrails=True)
    return tuple(_trail(one, account) for one in records(answer, "trailList"))


def beside(session: AwsSession, place: Place, own: str) -> tuple[FoundTrail, ...]:
    """The trails, but for the one called `own`, that record this account and region already; none where nobody may
    look."""
    try:
        found = find_trails(session, place.account)
    except AwsError as error:
        if error.failure is Failure.DENIED:
            return ()
        raise
    return tuple(one for one in found if one.name != own and (one.everywhere or one.home == place.region))


def _trail(answer: Mapping[str, object], account: str) -> FoundTrail:
    group = text(answer, "CloudWatchLogsLogGroupArn").split(":")
    # arn:aws:logs:REGION:ACCOUNT:log-group:NAME:*; an organisation's trail writes to a group of another account.
    known = len(group) > 6
    ours = known and group[4] == account
    return FoundTrail(
        name=text(answer, "Name"),
        arn=text(answer, "TrailARN"),
        bucket=text(answer, "S3BucketName"),
        log_group=group[6] if ours else None,
        home=text(answer, "HomeRegion"),
        everywhere=flag(answer, "IsMultiRegionTrail"),
        organization=flag(answer, "IsOrganizationTrail"),
        elsewhere=group[4] if known and not ours else "",
    )


def filters_taken(session: AwsSession, group: str, ours: Collection[str]) -> tuple[int, int]:
    """How many metric filters others have put on a log group, and how many of those have a regular expression.

    `ours` are the names of the filters that are not counted. Raises InputError where there is no such group.
    """
    patterns: list[str] = []
    try:
        for page in session.client("logs").pages("describe_metric_filters", logGroupName=group):
            found = records(page, "metricFilters")
            patterns += [text(one, "filterPattern") for one in found if text(one, "filterName") not in ours]
    except AwsError as error:
        if error.failure is Failure.MISSING:
            hint = "`aws logs describe-log-groups` lists them; without `--log-group`, one is made"
            raise InputError(f"there is no log group `{group}`", hint=hint) from None
        raise
    return len(patterns), sum(map(_has_regex, patterns))


def _has_regex(pattern: str) -> bool:
    try:
        return FilterPattern.parse(pattern).regex_count > 0
    except PatternSyntaxError:
        return False  # whatever AWS took it for, it is none of the forms that we know a regular expression in


def choose_trail(trails: Sequence[FoundTrail], wanted: str, region: str, name: str) -> ExistingTrail:
    """The trail called `wanted` (a name or an ARN), or the best one for `auto`. `name` is the deployment's prefix.

    A log group of our own counts as none, because the template that made it must go on making it. Raises InputError
    where there is no such trail, and where its home is another region: metric filters live where the log group is.
    """
    if wanted == AUTO:
        fit = [one for one in trails if one.everywhere and one.home == region and one.name != f"{name}-trail"]
        if not fit:
            raise InputError(f"no multi-region trail has its home in {region}", hint=_elsewhere(trails, region, name))
        return _existing(max(fit, key=lambda one: (one.log_group is not None, not one.organization)), name)
    found = next((one for one in trails if wanted in (one.name, one.arn)), None)
    if found is None:
        names = ", ".join(f"`{one.name}`" for one in trails)
        hint = f"there are {names}" if names else "there is none: without `--use-trail`, one is made"
        raise InputError(f"there is no trail `{wanted}`", hint=hint)
    if found.home != region:
        raise InputError(
            f"the trail `{found.name}` has its home in {found.home}, not in {region}",
            hint=f"metric filters live where its log group is: `--region {found.home}`",
        )
    return _existing(found, name)


def _elsewhere(trails: Sequence[FoundTrail], region: str, name: str) -> str:
    homes = sorted({one.home for one in trails if one.everywhere and one.name != f"{name}-trail"} - {region})
    if homes:
        return f"there is one in {homes[0]}: `--region {homes[0]}`"
    return "without `--use-trail`, one is made"


def _existing(found: FoundTrail, name: str) -> ExistingTrail:
    if found.elsewhere:
        raise InputError(
            f"the trail `{found.name}` writes to a log group of the account {found.elsewhere}, and metric filters live "
            "beside it",
            hint=f"deploy with credentials of {found.elsewhere}, which sees every account that the trail records; or "
            "leave out `--use-trail` for a trail of this account's own",
        )
    ours = found.log_group is not None and found.log_group.startswith(f"/{name}/")
    return ExistingTrail(found.name, found.arn, None if ours else found.log_group, found.bucket)
