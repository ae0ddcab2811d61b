"""Who is told what, when and why: scenarios on a virtual clock, each of them a story that an operator would tell."""

from __future__ import annotations

import pytest

from alerts.making import alarm, detection
from monitor.scenario import world
from vedette.alarms import TreatMissingData
from vedette.alerts.policy import Backoff, Hours, Policy, Rate, Route
from vedette.detections.definition import Severity

KEEPS = alarm(missing=TreatMissingData.IGNORE)
DETECTIONS = [
    detection("single"),
    detection("other"),
    detection("standing", alarm=KEEPS),
    detection("grave", severity=Severity.CRITICAL, alarm=KEEPS),
    detection("of-all", group_by=(), alarm=KEEPS),
]
MAIL = Policy(routes=(Route(("mail",)),), group_wait=0)

STORIES: dict[str, tuple[Policy, str]] = {
    "an alert is told, and that it is over": (
        MAIL,
        """
        10:00 push single alice
        10:01 want
            mail first single/alice
        10:10 states single/alice open stands
        10:25 want
        10:27 want
            mail resolved single/alice
        10:28 states single/alice open closed
        10:28 decided single/alice first, resolved
        """,
    ),
    "what comes twice, over whatever way, is told once": (
        MAIL,
        """
        10:00 push single alice id=7
        10:01 push single alice id=7
        10:02 want
            mail first single/alice
        """,
    ),
    "more of the same is no news": (
        MAIL,
        """
        10:00 push single alice
        10:01 push single alice
        10:02 push single alice
        10:09 want
            mail first single/alice
        """,
    ),
    "a new actor, then a new address, are told; once each, and not at once": (
        MAIL,
        """
        10:00 push of-all x by=alice
        10:01 push of-all x by=bob
        10:02 want
            mail first of-all
        10:05 want
            mail new actor of-all
        10:11 push of-all x by=bob from=203.0.113.9
        10:12 push of-all x by=alice from=203.0.113.9
        10:20 want
            mail new address of-all
        """,
    ),
    "a standing alert is told again until somebody takes it on": (
        MAIL,
        """
        10:00 push standing alice
        10:01 want
            mail first standing/alice
        13:59 want
        14:01 want
            mail repeat standing/alice
        14:30 ack standing/alice
        23:00 want
        23:00 decided standing/alice first, repeat, acknowledged
        """,
    ),
    "of what somebody has taken on, new actors are told": (
        MAIL,
        """
        10:00 push of-all x by=alice
        10:01 ack of-all
        10:10 push of-all x by=alice
        10:11 want
            mail first of-all
        10:20 push of-all x by=mallory
        10:21 want
            mail new actor of-all
        """,
    ),
    "alerts of one actor wait for each other and are one message": (
        Policy(routes=(Route(("mail",)),), group_wait=60),
        """
        10:00 push single alice
        10:00:30 push other alice
        10:00:40 push single bob
        10:03 want
            mail first other/alice, single/alice
            mail first single/bob
        10:04 decided other/alice grouped
        """,
    ),
    "that it is over is a message of its own, though the first one waits still": (
        Policy(routes=(Route(("mail",)),), group_wait=1800, resolve_after=0),
        """
        10:00 push single alice
        10:29 want
        10:31 want
            mail first single/alice
        10:47 want
            mail resolved single/alice
        """,
    ),
    "alerts of one actor that are far apart are incidents of their own": (
        Policy(routes=(Route(("mail",)),), group_wait=60, group_window=600, resolve_after=86400),
        """
        10:00 push single alice
        10:11 push other alice
        10:12:30 push standing alice at=10:05
        10:14 want
            mail first single/alice
            mail first other/alice
            mail first standing/alice
        """,
    ),
    "an incident goes on within its window, in messages of its own": (
        MAIL,
        """
        10:00 push single alice
        10:30 push other alice
        10:31 want
            mail first single/alice
            mail resolved single/alice
            mail first other/alice
        """,
    ),
    "a silence holds back what it names, and what stands is told when it ends": (
        MAIL,
        """
        09:00 silence s detection=stand* actor=alice until=12:00
        10:00 push standing alice
        10:01 push standing bob
        10:02 want
            mail first standing/bob
        11:59 decided standing/alice silenced
        12:01 want
            mail first standing/alice
        12:02 decided standing/alice silenced, first
        """,
    ),
    "an expected actor hides nobody": (
        MAIL,
        """
        09:00 silence s actor=alice until=20:00
        10:00 push of-all x by=alice
        10:01 want
        10:02 push of-all x by=mallory
        10:03 want
            mail first of-all
        """,
    ),
    "a silence that is lifted lets go at once": (
        MAIL,
        """
        09:00 silence s account=1111* until=20:00
        10:00 push standing alice
        10:30 want
        10:31 lift s
        10:32 want
            mail first standing/alice
        """,
    ),
    "a snoozed alert says nothing, and comes back": (
        MAIL,
        """
        10:00 push of-all x by=alice
        10:01 snooze of-all until=11:00
        10:01 want
            mail first of-all
        10:20 push of-all x by=mallory
        10:59 want
        11:01 want
            mail new actor of-all
        11:02 states of-all open stands
        """,
    ),
    "a snooze that ends without news says that it still stands": (
        MAIL,
        """
        10:00 push standing alice
        10:01 snooze standing/alice until=11:00
        11:01 want
            mail first standing/alice
            mail repeat standing/alice
        11:01 states standing/alice open stands
        """,
    ),
    "new records open again what was resolved": (
        MAIL,
        """
        10:00 push standing alice
        10:01 resolve standing/alice
        18:00 want
            mail first standing/alice
            mail resolved standing/alice
        18:01 push standing alice
        18:02 want
            mail repeat standing/alice
        18:02 states standing/alice open stands
        """,
    ),
    "a later episode is an alert of its own": (
        MAIL,
        """
        10:00 push single alice
        10:01 resolve single/alice
        13:00 push single alice
        13:01 want
            mail first single/alice
            mail resolved single/alice
            mail first single/alice
        """,
    ),
    "what was over and goes on is told again": (
        MAIL,
        """
        10:00 push single alice
        10:27 want
            mail first single/alice
            mail resolved single/alice
        10:28 push single alice
        10:28 states single/alice open stands
        10:29 want
            mail repeat single/alice
        """,
    ),
    "what is found too late is kept and not told": (
        MAIL,
        """
        38:00 push single alice at=10:00
        38:01 want
        38:01 decided single/alice too old
        38:02 states single/alice open closed
        """,
    ),
    "two alerts that a late record joins are one, and the other says so": (
        MAIL,
        """
        10:00 push single alice
        10:32 push single alice from=203.0.113.9
        10:33 want
            mail first single/alice
            mail resolved single/alice
            mail first single/alice
        10:34 push single alice at=10:16
        10:40 want
            mail repeat single/alice
            mail resolved single/alice
        """,
    ),
    "routes by severity and by hour, and where to stop": (
        Policy(
            routes=(
                Route(("pager",), min_severity=Severity.CRITICAL, stop=True),
                Route(("chat",), hours=Hours.parse("09:00-18:00")),
                Route(("mail",), detections=("single",)),
            ),
            group_wait=0,
        ),
        """
        08:00 push grave alice
        08:01 push single bob
        08:02 want
            pager first grave/alice
            mail first single/bob
        10:00 push single carol
        10:01 want
            chat first single/carol
            mail first single/carol
            mail resolved single/bob
        """,
    ),
    "that it is over goes to all who heard of it": (
        Policy(
            routes=(
                Route(("chat",), hours=Hours.parse("09:00-18:00")),
                Route(("mail",), hours=Hours.parse("18:00-09:00")),
            ),
            group_wait=0,
        ),
        """
        17:59 push single alice from=198.51.100.7
        18:05 push single alice from=198.51.100.8
        18:06 want
            chat first single/alice
            mail new address single/alice
        18:40 want
            chat resolved single/alice
            mail resolved single/alice
        """,
    ),
    "what nobody is there for is told when somebody is": (
        Policy(routes=(Route(("chat",), hours=Hours.parse("09:00-18:00")),), group_wait=0),
        """
        08:20 push standing alice
        08:50 want
        09:01 want
            chat first standing/alice
        09:02 decided standing/alice no route, first
        """,
    ),
    "what has no route says so": (
        Policy(routes=(Route(("mail",), detections=("x-*",)),)),
        """
        10:00 push single alice
        10:01 decided single/alice no route
        10:20 want
        """,
    ),
    "what is over the rate is one summary, later": (
        Policy(routes=(Route(("mail",)),), group_wait=0, rate=Rate(2, 600), resolve_after=3600),
        """
        10:00 push single a
        10:01 push single b
        10:02 push single c
        10:03 push single d
        10:04 push single e
        10:05 want
            mail first single/a
            mail first single/b
        10:10:10 want
            mail summary single/c, single/d, single/e
        10:12 push single f
        10:13 want
            mail first single/f
        """,
    ),
    "a channel that is away gets it later, in order": (
        Policy(routes=(Route(("mail", "chat")),), group_wait=0),
        """
        10:00 mail is away
        10:00 push single alice
        10:03 want
            chat first single/alice
        10:04 mail is back
        10:10 want
            mail first single/alice
        """,
    ),
    "a message that was given up is kept, and goes out when it is tried again": (
        Policy(routes=(Route(("mail",)),), group_wait=0, backoff=Backoff(first=10, longest=20, attempts=3, age=60)),
        """
        10:00 mail is away
        10:00 push standing alice
        10:10 mail is back
        10:20 want
        10:21 retry dead
        10:22 want
            mail first standing/alice
            mail first vedette-delivery-dead/mail
            mail resolved vedette-delivery-dead/mail
        """,
    ),
    "a receiver that refuses is not tried again": (
        MAIL,
        """
        10:00 mail is refusing
        10:00 push standing alice
        10:10 mail is back
        13:00 want
        13:01 retry dead
        13:02 want
            mail first standing/alice
            mail first vedette-delivery-dead/mail
            mail resolved vedette-delivery-dead/mail
        """,
    ),
    "that a message was given up is told over the other channels": (
        Policy(routes=(Route(("mail", "chat")),), group_wait=0),
        """
        10:00 mail is refusing
        10:00 push standing alice
        10:01 want
            chat first standing/alice
            chat first vedette-delivery-dead/mail
        """,
    ),
    "what the monitor has to say of itself goes the same way": (
        Policy(routes=(Route(("mail",), min_severity=Severity.HIGH), Route(("chat",))), group_wait=0),
        """
        10:00 trouble source-quiet folder
        10:05 trouble source-quiet folder
        10:06 want
            mail first vedette-source-quiet/folder
            chat first vedette-source-quiet/folder
        10:30 well source-quiet folder
        10:31 want
            mail resolved vedette-source-quiet/folder
            chat resolved vedette-source-quiet/folder
        10:40 trouble source-quiet folder
        10:41 want
            mail first vedette-source-quiet/folder
            chat first vedette-source-quiet/folder
        """,
    ),
    "that a channel fails is told over the others, whatever the routes": (
        Policy(routes=(Route(("mail", "chat"), detections=("single",)),), group_wait=0),
        """
        10:00 trouble channel-failing mail
        10:01 want
            chat first vedette-channel-failing/mail
        """,
    ),
}


@pytest.mark.parametrize("story", STORIES)
def test_story(story: str) -> None:
    policy, text = STORIES[story]
    world(DETECTIONS, policy).play(text)
