"""What a deployment costs a month: a line for each part, and what each option would change.

An estimate from the templates, a volume and a table of list prices (`prices.toml`); nothing here asks AWS. Prices are
of one region and one day, and free tiers are left out but for the first dashboards.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from vedette.deploy.deployment import Deployment
from vedette.deploy.prices import Prices, load_prices
from vedette.deploy.wanted import Wanted

Build = Callable[[Wanted], Deployment]


@dataclass(frozen=True, slots=True)
class Usage:
    """How much goes through it in a month: records, of which so many match; how many channels' secrets there are,
    how many addresses each match is mailed and texted to, and how long logs are kept."""

    events: float
    matches: float
    secrets: int = 0
    mails: int = 0
    texts: int = 0
    retention_days: int = 30


@dataclass(frozen=True, slots=True)
class Parts:
    """What of a deployment costs something, counted."""

    alarms: int = 0
    composites: int = 0
    metrics: int = 0
    defaults: int = 0
    dashboards: int = 0
    keys: int = 0
    functions: int = 0
    architecture: str = "arm64"
    event_rules: int = 0
    forwarding_regions: int = 0
    log_group: bool = False
    trail: bool = False
    data_events: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """One part: what, how it comes to the amount, and the amount in dollars a month."""

    what: str
    how: str
    amount: float


@dataclass(frozen=True, slots=True)
class Alternative:
    """What the deployment would cost with one option turned the other way."""

    option: str
    what: str
    total: float
    difference: float


@dataclass(frozen=True, slots=True)
class Estimate:
    """The lines; `total` is that of the first month, `later` that of a month when everything kept is there."""

    lines: tuple[Line, ...]
    later: float
    alternatives: tuple[Alternative, ...] = field(default=())

    @property
    def total(self) -> float:
        """Dollars a month."""
        return sum(line.amount for line in self.lines)


def parts_of(deployment: Deployment) -> Parts:
    """Count what the templates hold. A log group or trail that is only used is paid for already."""
    found = [
        (str(resource.get("Type", "")), properties if isinstance(properties, Mapping) else {})
        for stack in deployment.stacks
        for resource in _resources(stack.template)
        for properties in (resource.get("Properties"),)
    ]
    kinds = Counter(kind for kind, _ in found)
    functions = [properties for kind, properties in found if kind == "AWS::Lambda::Function"]
    trails = [properties for kind, properties in found if kind == "AWS::CloudTrail::Trail"]
    return Parts(
        alarms=kinds["AWS::CloudWatch::Alarm"],
        composites=kinds["AWS::CloudWatch::CompositeAlarm"],
        metrics=kinds["AWS::Logs::MetricFilter"],
        defaults=sum(_has_default(properties) for kind, properties in found if kind == "AWS::Logs::MetricFilter"),
        dashboards=kinds["AWS::CloudWatch::Dashboard"],
        keys=kinds["AWS::KMS::Key"],
        functions=len(functions),
        architecture="x86_64" if any("x86_64" in str(one.get("Architectures")) for one in functions) else "arm64",
        event_rules=kinds["AWS::Events::Rule"],
        forwarding_regions=len({stack.region for stack in deployment.stacks if stack.region}),
        # Where there is a trail of ours, its log group is filled for our sake, even one that was there.
        log_group=bool(trails),
        trail=bool(trails),
        data_events=any("AWS::S3::Object" in str(one) or "AWS::Lambda::Function" in str(one) for one in trails),
    )


def _resources(template: Mapping[str, object]) -> Iterator[Mapping[str, object]]:
    resources = template.get("Resources")
    for resource in resources.values() if isinstance(resources, Mapping) else ():
        if isinstance(resource, Mapping):
            yield resource


def _has_default(properties: Mapping[str, object]) -> bool:
    transformations = properties.get("MetricTransformations")
    return isinstance(transformations, list) and any("DefaultValue" in one for one in transformations)


def estimate(deployment: Deployment, usage: Usage) -> Estimate:
    """What the deployment costs a month with that much going through it."""
    return estimate_parts(parts_of(deployment), usage, load_prices())


def estimate_parts(parts: Parts, usage: Usage, prices: Prices) -> Estimate:
    """The same from counted parts and any prices."""
    lines = tuple(line for line in _lines(parts, usage, prices) if line.amount > 0)
    months = max(usage.retention_days / prices.much("days_month"), 1.0)
    kept = _log_storage(parts, usage, prices) + _trail_storage(parts, usage, prices)
    return Estimate(lines, sum(line.amount for line in lines) + kept * (months - 1))


def _lines(parts: Parts, usage: Usage, prices: Prices) -> Iterator[Line]:
    yield from _watching(parts, usage, prices)
    yield from _logs(parts, usage, prices)
    yield from _trail(parts, prices, usage)
    yield from _telling(parts, usage, prices)


def _watching(parts: Parts, usage: Usage, prices: Prices) -> Iterator[Line]:
    yield _each("alarms", parts.alarms, prices.of("alarm_month"))
    yield _each("composite alarms", parts.composites, prices.of("composite_month"))
    yield _each("metrics with a default value", parts.defaults, prices.of("metric_month"))
    hour = prices.of("metric_month") / prices.much("hours_month")
    hours = min(usage.matches, (parts.metrics - parts.defaults) * prices.much("hours_month"))
    yield Line("metrics", f"{hours:,.0f} metric hours with data", hours * hour)
    free = int(prices.much("free_dashboards"))
    yield _each(f"dashboards beyond {free}", max(parts.dashboards - free, 0), prices.of("dashboard_month"))


def _logs(parts: Parts, usage: Usage, prices: Prices) -> Iterator[Line]:
    if parts.log_group:
        size = _log_size(usage, prices)
        price = prices.of("log_ingested_gb")
        yield Line("log ingestion", f"{size:,.1f} GB at {price:.2f}", size * price)
        stored = size * prices.much("log_compression")
        yield Line("log storage", f"{stored:,.1f} GB, one month's", _log_storage(parts, usage, prices))


def _trail(parts: Parts, prices: Prices, usage: Usage) -> Iterator[Line]:
    if parts.trail:
        files = _files(prices)
        yield Line(
            "trail files written", f"{files:,.0f} in {prices.much('regions'):.0f} regions", files * _write(prices)
        )
        stored = _log_size(usage, prices) * prices.much("trail_compression")
        yield Line("trail storage", f"{stored:,.1f} GB, one month's", _trail_storage(parts, usage, prices))
    yield _each("keys", parts.keys, prices.of("kms_key_month"))


def _telling(parts: Parts, usage: Usage, prices: Prices) -> Iterator[Line]:
    if parts.forwarding_regions:
        price, many = prices.of("event_forwarded"), usage.matches
        told = f"at most {many:,.0f}, from {parts.forwarding_regions} regions"
        yield Line("forwarded events", told, many * price)
    yield _each("secrets", usage.secrets, prices.of("secret_month"))
    if parts.functions:
        second = prices.of(f"lambda_gb_second_{parts.architecture}")
        run = prices.of("lambda_request") + prices.much("story_seconds") * prices.much("story_gb") * second
        yield Line("storyteller", f"{usage.matches:,.0f} stories", usage.matches * run)
    published = usage.matches * (prices.of("sns_publish") + usage.mails * prices.of("sns_mail"))
    yield Line("mail", f"{usage.matches * usage.mails:,.0f} messages", published)
    sms = usage.matches * usage.texts
    yield Line("text messages", f"{sms:,.0f} messages at {prices.of('sns_sms'):.5f}", sms * prices.of("sns_sms"))


def _each(what: str, number: int, price: float) -> Line:
    return Line(what, f"{number:,} at {price:.2f}", number * price)


def _log_size(usage: Usage, prices: Prices) -> float:
    return usage.events * prices.much("event_kb") / 1e6


def _log_storage(parts: Parts, usage: Usage, prices: Prices) -> float:
    if not parts.log_group:
        return 0.0
    return _log_size(usage, prices) * prices.much("log_compression") * prices.of("log_stored_gb_month")


def _trail_storage(parts: Parts, usage: Usage, prices: Prices) -> float:
    if not parts.trail:
        return 0.0
    return _log_size(usage, prices) * prices.much("trail_compression") * prices.of("s3_stored_gb_month")


def _files(prices: Prices) -> float:
    hourly = prices.much("files_hour") + prices.much("digests_hour")
    # AWS counts files by months of 30 days, and metrics by months of 730 hours.
    return prices.much("regions") * hourly * 24 * prices.much("days_month")


def _write(prices: Prices) -> float:
    return prices.of("s3_put") + prices.of("kms_request")


def compared(wanted: Wanted, usage: Usage, build: Build) -> Estimate:
    """The estimate of what is wanted, with what it would be with each option turned the other way."""
    prices = load_prices()
    parts = parts_of(build(wanted))
    here = estimate_parts(parts, _used(parts, usage), prices)
    return replace(here, alternatives=tuple(_alternatives(wanted, parts, here.total, usage, build)))


def of_a_second_trail(usage: Usage) -> float:
    """What AWS takes more a month where another trail records the same: the first copy of an event is free."""
    return usage.events * load_prices().of("trail_copy_event")


def _used(parts: Parts, usage: Usage) -> Usage:
    """Without a storyteller nobody reads the secrets of channels."""
    return usage if parts.functions else replace(usage, secrets=0)


def _alternatives(wanted: Wanted, parts: Parts, total: float, usage: Usage, build: Build) -> Iterator[Alternative]:
    prices = load_prices()

    def other(option: str, what: str, changed: Parts) -> Alternative:
        cost = estimate_parts(changed, _used(changed, usage), prices).total
        return Alternative(option, what, cost, cost - total)

    turned = (
        (
            "composites",
            wanted.composites,
            "an alarm over each severity",
            replace(wanted, composites=not wanted.composites),
        ),
        ("dashboard", wanted.dashboard, "a dashboard", replace(wanted, dashboard=not wanted.dashboard)),
        ("storyteller", wanted.storyteller, "the storyteller", replace(wanted, storyteller=not wanted.storyteller)),
        ("key", wanted.key, "a key of your own", replace(wanted, key=not wanted.key)),
        ("events", wanted.events, "EventBridge rules", replace(wanted, events=not wanted.events)),
    )
    for option, on, what, changed in turned:
        yield other(
            f"--no-{option}" if on else f"--{option}", f"{'without' if on else 'with'} {what}", parts_of(build(changed))
        )
    if parts.forwarding_regions:
        home_only = parts_of(build(replace(wanted, event_regions=())))
        yield other("--event-region home", "without events of other regions", home_only)
    yield other("", "with a default of 0 on every metric", replace(parts, defaults=parts.metrics))
    if parts.defaults:
        yield other("", "without default values", replace(parts, defaults=0))
    if parts.trail:
        copies = of_a_second_trail(usage)
        yield Alternative("", "as a second trail of the account", total + copies, copies)
