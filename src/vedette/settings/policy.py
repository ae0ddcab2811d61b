"""From settings to the values that other rooms work with."""

from __future__ import annotations

from vedette.alerts.policy import Backoff, Hours, Policy, Route
from vedette.detections.definition import Severity
from vedette.settings.model import RouteSettings, Settings

DEFAULT_SEVERITY = Severity.MEDIUM
"""From which severity people are told where no route says."""


def policy_of(settings: Settings) -> Policy:
    """Who hears of what, when and how often. Without a route, all channels hear of medium severity and above."""
    given = settings.policy
    rates = {channel.name: channel.rate for channel in settings.channels if channel.rate is not None}
    return Policy(
        routes=tuple(_route(one, settings.monitor.zone) for one in settings.routes) or (_everything(settings),),
        repeat_after=given.repeat_after,
        news_after=given.news_after,
        group_window=given.group_window,
        group_wait=given.group_wait,
        max_age=given.max_age,
        resolve_after=given.resolve_after,
        tell_resolved=given.tell_resolved,
        rates=rates,
        rate=given.rate,
        backoff=Backoff(given.retry_first, given.retry_longest, Backoff().attempts, given.give_up_after),
    )


def _everything(settings: Settings) -> Route:
    return Route(tuple(channel.name for channel in settings.channels), DEFAULT_SEVERITY)


def _route(one: RouteSettings, zone: str) -> Route:
    return Route(
        channels=one.channels,
        min_severity=one.min_severity,
        detections=one.detections,
        categories=one.categories,
        accounts=one.accounts,
        regions=one.regions,
        hours=None if one.hours is None else Hours.parse(one.hours, zone),
        stop=one.stop,
    )
