"""The parts of messages: harmless texts, kinds of things, links, commands, times, the alphabet of SMS, headers."""

from __future__ import annotations

import doctest
import importlib
import shlex
import subprocess
import sys
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from render.notices import ALICE, DEPLOY, NOON, SECRET, library, notice, record, security_group, sighting, variants
from vedette.alerts import render
from vedette.alerts.delivery import Reason
from vedette.alerts.evidence import Counts, Evidence
from vedette.alerts.notice import Links, Notice
from vedette.alerts.record import Lifecycle, Status, Told
from vedette.alerts.render.clean import begun, clean_evidence, shown
from vedette.alerts.render.commands import filled, pasted, ready
from vedette.alerts.render.console import console_links, through_portal
from vedette.alerts.render.headline import lead, subject
from vedette.alerts.render.moments import amazon, clock, lasting, spoken
from vedette.alerts.render.sms import SEPTETS, fitting, gsm, septets
from vedette.alerts.render.story import story
from vedette.alerts.render.things import Kind, Thing, only_thing, things_of
from vedette.cloudtrail.identity import Actor, ActorKind
from vedette.detections.definition import Severity

MODULES = ("clean", "commands", "moments", "slack", "sms")


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings_hold(name: str) -> None:
    results = doctest.testmod(importlib.import_module(f"vedette.alerts.render.{name}"))
    assert results.attempted
    assert not results.failed


def test_templates_engine_is_loaded_only_to_write_a_message() -> None:
    code = "import sys, vedette.alerts.render; sys.exit('jinja2' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@settings(max_examples=60, deadline=None)
@given(st.text(st.characters(exclude_categories=[]), max_size=300), st.integers(3, 200))
def test_shown_text_is_short_and_on_one_line(text: str, longest: int) -> None:
    for cut in (shown, begun):
        result = cut(text, longest)
        assert len(result) <= longest
        assert "\n" not in result
        assert cut(result, longest) == result


def test_names_that_become_equal_are_counted_together() -> None:
    counts = Counts({"a\u200b": 1, "a\ufeff": 2, "b": 3})
    assert clean_evidence(Evidence(count=6, event_names=counts)).event_names.values == {"a\ufffd": 3, "b": 3}


@pytest.mark.parametrize(
    ("resource", "changes", "thing"),
    [
        (SECRET, {}, Thing(Kind.SECRET, "prod/payments/db", SECRET)),
        ("prod/db", {}, Thing(Kind.SECRET, "prod/db")),
        ("sg-0123456789abcdef0", {}, Thing(Kind.SECURITY_GROUP, "sg-0123456789abcdef0")),
        ("i-0123456789abcdef0", {}, Thing(Kind.INSTANCE, "i-0123456789abcdef0")),
        ("AKIAIOSFODNN7EXAMPLE", {}, Thing(Kind.ACCESS_KEY, "AKIAIOSFODNN7EXAMPLE")),
        ("arn:aws:s3:::logs/2026/a", {}, Thing(Kind.BUCKET, "logs", "arn:aws:s3:::logs/2026/a")),
        (
            "arn:aws:iam::111122223333:user/ops/bob",
            {},
            Thing(Kind.USER, "bob", "arn:aws:iam::111122223333:user/ops/bob"),
        ),
        (
            "arn:aws:lambda:eu-central-1:111122223333:function:pay:3",
            {},
            Thing(Kind.FUNCTION, "pay", "arn:aws:lambda:eu-central-1:111122223333:function:pay:3"),
        ),
        (
            "arn:aws:kms:eu-central-1:111122223333:key/1-2",
            {},
            Thing(Kind.KEY, "1-2", "arn:aws:kms:eu-central-1:111122223333:key/1-2"),
        ),
        ("bob", {"event_source": "iam.amazonaws.com", "event_name": "CreateAccessKey"}, Thing(Kind.USER, "bob")),
        ("ci", {"event_source": "iam.amazonaws.com", "event_name": "UpdateAssumeRolePolicy"}, Thing(Kind.ROLE, "ci")),
        ("main", {"event_source": "cloudtrail.amazonaws.com", "event_name": "StopLogging"}, Thing(Kind.TRAIL, "main")),
        ("thing", {"event_source": "example.amazonaws.com"}, None),
        ("arn:aws:sns:eu-central-1:111122223333:topic", {}, None),
        ("arn:broken", {}, None),
    ],
)
def test_kinds_of_things(resource: str, changes: dict[str, object], thing: Thing | None) -> None:
    assert things_of([sighting(resources=(resource,), **changes)]) == (() if thing is None else (thing,))


def test_the_second_name_of_a_call_is_of_no_known_kind() -> None:
    """`AddUserToGroup` names a user and a group: only the first is the user."""
    seen = sighting(resources=("bob", "admins"), event_source="iam.amazonaws.com", event_name="AddUserToGroup")
    assert things_of([seen]) == (Thing(Kind.USER, "bob"),)


def test_a_step_names_a_thing_only_if_no_other_can_be_meant() -> None:
    step = "Look: `aws ec2 describe-security-groups --group-id GROUP` and `--group-id GROUPS`."
    one, two = "sg-0123456789abcdef0", "sg-0fedcba9876543210"
    seen = [sighting(number, number, resources=(one,)) for number in range(9)]
    assert filled(step, Evidence.of(seen)) == step.replace("GROUP`", f"{one}`", 1)
    assert filled(step, Evidence.of([*seen, sighting(20, 20, resources=(two,))])) == step
    hidden = [*seen[:4], sighting(4.5, 21, resources=(two,)), *seen[5:]]
    assert only_thing(Evidence.of(hidden), Kind.SECURITY_GROUP) is None, "the other is in no sighting, but is counted"
    untold = Evidence.of(seen).merge(Evidence.untold_records(3, NOON, NOON))
    assert filled(step, untold) == step


def test_a_step_takes_no_name_that_is_not_plain() -> None:
    hostile = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:x'; reboot"
    step = "`aws secretsmanager get-resource-policy --secret-id SECRET`"
    assert filled(step, Evidence.of([sighting(resources=(hostile,))])) == step
    assert SECRET in filled(step, Evidence.of([sighting()]))


@given(st.text(max_size=40))
@settings(max_examples=200, deadline=None)
def test_what_is_pasted_is_one_word(value: str) -> None:
    """A shell reads a pasted value as the one word that it is."""
    word = pasted(value)
    if word is not None:
        assert shlex.split(f"aws --name {word}") == ["aws", "--name", value]
        assert not set(value) & set("'\"`$%^&|<>;()\\\n\r\0")


@pytest.mark.parametrize(
    "value", ["$(reboot)", "a;b", "a'b", "--x", "", " a", "FILE://x", "http://x", "ключ", "a" * 301]
)
def test_what_is_not_plain_is_not_pasted(value: str) -> None:
    assert pasted(value) is None


def test_commands_stop_an_access_key_or_end_a_roles_sessions() -> None:
    of_alice = [command.text for command in ready(Evidence.of([sighting()]), NOON)]
    assert of_alice[0] == (
        "aws iam update-access-key --user-name alice --access-key-id AKIAIOSFODNN7EXAMPLE --status Inactive"
    )
    of_role = ready(Evidence.of([sighting(actor=DEPLOY)]), NOON)[0].text
    assert shlex.split(of_role)[-1] == (
        '{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*",'
        '"Condition":{"DateLessThan":{"aws:TokenIssueTime":"2026-11-21T10:00:00Z"}}}]}'
    )


def test_no_command_or_link_names_an_actor_of_another_account() -> None:
    stranger = replace(ALICE, account="123456789012")
    evidence = Evidence.of([sighting(actor=stranger)])
    assert not any("update-access-key" in command.text for command in ready(evidence, NOON))
    assert not any("/users/" in link.url for link in console_links(evidence.sightings, Links()))
    assert "of account 123456789012" in render.plain(notice(record(sighting(actor=stranger))))


def test_without_a_region_there_is_no_link_and_no_command() -> None:
    evidence = Evidence.of([sighting(region="us-east-1.evil.example/")])
    assert console_links(evidence.sightings, Links()) == ()
    assert ready(evidence, NOON) == ()


@pytest.mark.parametrize(
    ("changes", "url"),
    [
        (
            {"event_source": "guardduty.amazonaws.com", "resources": ()},
            "https://eu-central-1.console.aws.amazon.com/guardduty/home?region=eu-central-1#/findings",
        ),
        (
            {"resources": ("sg-0123456789abcdef0",)},
            (
                "https://eu-central-1.console.aws.amazon.com/ec2/home?region=eu-central-1#SecurityGroup:groupId="
                "sg-0123456789abcdef0"
            ),
        ),
        (
            {"actor": replace(DEPLOY, account="111122223333")},
            "https://us-east-1.console.aws.amazon.com/iam/home?region=us-east-1#/roles/details/deploy-role",
        ),
        (
            {"actor": Actor(ActorKind.ROOT, "root (111122223333)", "root:111122223333")},
            "https://eu-central-1.console.aws.amazon.com/cloudtrailv2/home?region=eu-central-1#/events?Username=root",
        ),
        (
            {"region": "cn-north-1"},
            "https://cn-north-1.console.amazonaws.cn/iam/home?region=cn-north-1#/users/details/alice",
        ),
        (
            {"event_id": "a b/../#?&"},
            (
                "https://eu-central-1.console.aws.amazon.com/cloudtrailv2/home?region=eu-central-1#/events/"
                "a%20b%2F..%2F%23%3F%26"
            ),
        ),
    ],
)
def test_links_lead_to_the_page_of_what_happened(changes: dict[str, object], url: str) -> None:
    assert url in [link.url for link in console_links((sighting(**changes),), Links())]


def test_a_service_that_acts_has_no_page_of_its_own() -> None:
    service = Actor(ActorKind.SERVICE, "cloudformation.amazonaws.com", "service:cloudformation.amazonaws.com")
    links = console_links((sighting(actor=service, event_id="", resources=()),), Links())
    assert [link.label for link in links] == ["Secrets"]


def test_the_portal_opens_the_right_account() -> None:
    links = Links(portal="https://d-1234567890.awsapps.com/start/", role="Security Audit")
    assert through_portal("https://x/?a=b&c", "111122223333", links) == (
        "https://d-1234567890.awsapps.com/start/#/console?account_id=111122223333&role_name=Security%20Audit"
        "&destination=https%3A%2F%2Fx%2F%3Fa%3Db%26c"
    )
    assert through_portal("https://x/", "not an account", links) == "https://x/"


def test_times_are_told_in_the_readers_zone() -> None:
    assert spoken(NOON, "Asia/Kolkata") == "2026-11-21 10:00:00 UTC (Saturday 15:30 in Asia/Kolkata)"
    assert spoken(NOON, "No/Where") == spoken(NOON, "../../etc/passwd") == "2026-11-21 10:00:00 UTC"
    assert (clock(NOON, "UTC"), clock(NOON, "Europe/Berlin")) == ("10:00 UTC", "11:00 CET")
    assert amazon(1_789_384_724) == "Monday 14 September, 2026 11:18:44 UTC"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (1, "1 second"),
        (59, "59 seconds"),
        (60, "1 minute"),
        (7_199, "1 hour"),
        (90_000, "25 hours"),
        (172_800, "2 days"),
    ],
)
def test_lengths_of_time(seconds: int, text: str) -> None:
    assert lasting(seconds) == text


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=200), st.integers(2, 160))
def test_sms_alphabet_and_room(text: str, room: int) -> None:
    """Only characters of the GSM alphabet; a character of the extension table takes two septets."""
    known = gsm(text)
    assert gsm(known) == known
    assert septets(fitting(known, room)) <= room
    assert septets("a€") == 3


@pytest.mark.parametrize("variant", list(variants()))
def test_sms_ends_with_the_link_or_the_id(variant: str) -> None:
    told = variants()[variant]
    page = told.links.page.replace("{alert}", told.alerts[0].id)
    assert render.sms(told).endswith(f" {page or told.alerts[0].id}")


def test_a_page_that_is_too_long_gives_way_to_the_id() -> None:
    told = notice(links=Links(page="https://vedette.example.com/" + "x" * 100 + "/{alert}"))
    assert render.sms(told).endswith(" secret-read-burst-1a2b3c4d")


def test_a_subject_says_severity_what_who_and_where() -> None:
    told = notice()
    assert render.email(told).subject == ("[HIGH] One actor read many secrets in a short time - alice - production")
    assert subject(told, (story(told.alerts[0], told),), 40).startswith("[HIGH] One actor read")


@pytest.mark.parametrize(
    ("variant", "first_line"),
    [
        ("first", "New alert."),
        ("incident", "New: 3 alerts that belong together."),
        ("new-actor", "New actor in an alert that was told before: deploy-role / nightly-backup."),
        ("new-address", "New address in an alert that was told before: 203.0.113.9."),
        (
            "resolved-by-hand",
            "Resolved by carol@example.com, 2026-11-21 10:15:00 UTC (Saturday 11:15 in Europe/Berlin).",
        ),
        (
            "summary",
            "Summary: 37 messages to mail-admins were held back to keep it readable. This is what they told of.",
        ),
        ("test", "Test: nothing happened. An alert that is sent to mail-admins looks like this."),
        ("self", "Vedette says this of itself: its watch may have a gap."),
    ],
)
def test_the_first_line_says_which_message_it_is(variant: str, first_line: str) -> None:
    assert lead(variants()[variant]) == first_line


def test_alerts_that_are_not_told_in_full_are_named_by_their_ids() -> None:
    """Four are told in full; whoever reads of the fifth can look it up and answer it all the same."""
    alerts = [replace(record(), id=f"secret-read-burst-0000000{number}") for number in range(45)]
    content = render.email(notice(*alerts))
    for text in (content.text, content.html):
        assert {alert.id for alert in alerts if alert.id in text} == {alert.id for alert in alerts[:40]}
        assert "and 5 more" in text


def test_what_a_decision_was_about_is_said_in_its_words_made_harmless() -> None:
    """By then the store counts the telling itself, and nobody in it is new any more."""
    told = again(Reason.NEW_ADDRESS, "203.0.113.66")
    assert lead(told) == "New address in an alert that was told before: 203.0.113.66."
    told = again(Reason.NEW_ACTOR, "bob, carol, dave and 2 more")
    assert lead(told) == "New actors in an alert that was told before: bob, carol, dave and 2 more."
    told = again(Reason.NEW_ACTOR, "eve\r\nBcc: \u202ex" + "y" * 1000)
    assert lead(told).isprintable()
    assert len(lead(told)) < 400
    assert lead(again(Reason.REPEAT, "the snooze has ended")).endswith("told twice before. The snooze has ended.")
    assert lead(again(Reason.REPEAT, "")).endswith("told twice before. Nobody has acknowledged it.")


def again(reason: Reason, words: str) -> Notice:
    alert = record(told=Told(NOON + 60, 2))
    return replace(notice(alert, reason=reason), news={alert.id: words} if words else {})


def test_a_message_of_the_monitor_itself_says_what_it_is_about() -> None:
    """Four channels that fail would be four messages with one subject."""
    failing = replace(variants()["self"].alerts[0], title="A channel fails", group=("mail",))
    assert render.email(notice(failing)).subject == "[HIGH, VEDETTE ITSELF] A channel fails - mail"
    over = notice(replace(failing, closed=NOON + 60), reason=Reason.RESOLVED)
    assert render.email(over).subject == "[RESOLVED, VEDETTE ITSELF] A channel fails - mail"


def test_the_headers_name_detections_and_alerts_whole() -> None:
    alerts = [replace(record(), id=f"alert-{number:04}", detection=f"detection-{number:04}") for number in range(40)]
    headers = render.email(notice(*alerts)).headers
    named = headers["X-Vedette-Detection"].split(", ")
    assert named == [f"detection-{number:04}" for number in range(len(named))]
    assert 5 < len(named) < 40
    assert set(headers["X-Vedette-Alert"].split(", ")) <= {alert.id for alert in alerts}


def test_a_text_message_holds_nothing_cut_but_its_title() -> None:
    for size in range(0, 120, 3):
        alert = replace(record(), title="A" + "x" * size)
        text = render.sms(notice(alert))
        assert septets(text) <= SEPTETS
        parts = text.rpartition(" ")[0].split(" - ")[-1].split(", ")[1:]
        assert set(parts) <= {"from 198.51.100.7", "unusual", "14 times", "11:03 CET"}, text


def test_a_key_that_was_told_names_no_new_actor() -> None:
    told = variants()["new-actor"]
    alert = told.alerts[0]
    known = replace(alert, told=replace(alert.told, actors=frozenset({ALICE.key, DEPLOY.key})))
    assert lead(notice(known, reason=Reason.NEW_ACTOR)) == "A new actor joined an alert that was told before."


def test_a_notice_without_alerts_is_told_all_the_same() -> None:
    empty = replace(notice(), alerts=(), reason=Reason.SUMMARY, held=3)
    assert render.email(empty).subject == "[NOTE] Summary: 3 messages were held back"
    assert render.sms(empty) == "[NOTE] Summary: 3 messages were held back"
    assert "3 messages to mail-admins" in render.plain(empty)
    assert lead(replace(empty, reason=Reason.REPEAT)) == "Still open."
    assert lead(replace(empty, reason=Reason.RESOLVED)) == "Resolved."
    for channel in (render.slack, render.teams, render.pagerduty, render.webhook):
        assert channel(empty)


def test_messages_of_one_incident_are_one_thread() -> None:
    first = render.email(notice(), domain="example.com").headers
    later = render.email(notice(key="d-2"), domain="example.com", thread=first["Message-ID"]).headers
    assert first["Message-ID"] == render.email(notice(), domain="example.com").headers["Message-ID"]
    assert first["Message-ID"] != later["Message-ID"]
    assert later["In-Reply-To"] == first["Message-ID"]
    assert later["References"].split() == [first["References"], first["Message-ID"]]
    assert render.email(notice(), thread="<x>\r\nBcc: eve@example.com").headers["References"].count("<") == 1
    assert render.email(notice(), domain="exa\r\nmple.com>").headers["Message-ID"].endswith("@example.com>")


def test_refused_and_succeeded_calls_are_told_apart() -> None:
    def outcome(*seen: object) -> str:
        alert = record(*seen)  # type: ignore[arg-type]  # sightings
        return {fact.label: fact.value for fact in story(alert, notice(alert)).what}["Outcome"]

    denied = sighting(0, 1, error="AccessDenied")
    assert outcome(denied) == "it failed (AccessDenied)"
    assert outcome(denied, sighting(1, 2)) == "1 of 2 failed (AccessDenied), the rest succeeded"
    assert outcome(denied, sighting(1, 2, error="AccessDenied")) == "all of it failed (AccessDenied)"
    assert outcome(sighting()) == "it succeeded"
    assert outcome(sighting(event_name="ConsoleLogin")).startswith("told in the record itself")


def test_many_of_a_kind_are_counted_not_named() -> None:
    seen = [
        sighting(n, n, actor=replace(ALICE, name=f"user{29 - n:02}"), address=f"198.51.100.{n}", resources=(f"r{n}",))
        for n in range(30)
    ]
    text = " ".join(render.plain(notice(record(*seen))).split())
    assert "- user00 and 29 others - production" in text
    assert "and: 27 others" in text
    assert "and 26 others" in text
    assert "user02: once" in text, "an actor who is in no sighting"


def test_evidence_that_was_not_kept_is_said_to_be_missing() -> None:
    lost = record(evidence=Evidence.untold_records(12, NOON, NOON + 60))
    text = " ".join(render.plain(notice(lost)).split())
    assert "12 times; the records themselves were not kept." in text


def test_what_became_of_an_alert_is_said() -> None:
    life = Lifecycle(Status.SNOOZED, "carol@example.com", NOON, "Deploying.", NOON + 3_600)
    text = render.plain(notice(record(lifecycle=life), zone="UTC"))
    assert "Snoozed by carol@example.com, 2026-11-21 10:00:00 UTC, until 2026-11-21\n11:00:00 UTC: Deploying." in text


def test_a_silence_takes_no_glob_from_a_name() -> None:
    starred = record(sighting(actor=replace(ALICE, name="*")))
    assert "--actor" not in render.plain(notice(starred))
    assert "--detection" not in render.plain(notice(record(detection="it's")))


def test_pagerduty_follows_the_incident() -> None:
    told = render.pagerduty(notice())
    assert (told["event_action"], told["dedup_key"]) == ("trigger", "incident-9f8e7d6c")
    assert render.pagerduty(variants()["resolved"])["event_action"] == "resolve"
    half = notice(record(closed=NOON + 900), security_group(), reason=Reason.RESOLVED)
    assert render.pagerduty(half)["event_action"] == "trigger", "one of them still stands"
    taken = notice(record(lifecycle=Lifecycle(Status.ACKNOWLEDGED, "carol")))
    assert render.pagerduty(taken)["event_action"] == "acknowledge"
    assert render.pagerduty(replace(taken, reason=Reason.NEW_ACTOR))["event_action"] == "trigger", "that is news"
    others = replace(variants()["resolved"], others=1)
    assert render.pagerduty(others)["event_action"] == "trigger", "another alert of the incident stands"
    assert lead(others).endswith(" 1 other alert of this incident stands.")


@pytest.mark.parametrize(
    ("severity", "theirs"),
    [(Severity.CRITICAL, "critical"), (Severity.HIGH, "error"), (Severity.MEDIUM, "warning"), (Severity.LOW, "info")],
)
def test_pagerduty_severities(severity: Severity, theirs: str) -> None:
    payload = render.pagerduty(notice(record(severity=severity)))["payload"]
    assert isinstance(payload, dict)
    assert payload["severity"] == theirs


def test_webhook_is_a_cloud_event() -> None:
    event = render.webhook(variants()["new-actor"])
    assert event.keys() == {"specversion", "id", "source", "type", "subject", "time", "datacontenttype", "data"}
    assert event["type"] == "vedette.alert.new-actor"
    data = event["data"]
    assert isinstance(data, dict)
    (alert,) = data["alerts"]
    assert alert["id"] == "secret-read-burst-1a2b3c4d"
    assert alert["account_names"] == {"111122223333": "production"}


def test_a_notice_is_narrowed_to_each_alert() -> None:
    told = variants()["incident"]
    assert [one.alerts for one in told.narrowed()] == [(alert,) for alert in told.alerts]
    assert {one.incident for one in told.narrowed()} == {told.incident}
    assert replace(told, alerts=()).incident == told.key


@pytest.mark.parametrize("name", list(library()))
def test_every_built_in_detection_makes_every_message(name: str) -> None:
    told = notice(record(sighting(), detection=name))
    assert library()[name].title[:20] in render.email(told).html.replace("&#39;", "'").replace("&#34;", '"')
    assert septets(render.sms(told)) <= 160
    assert render.cloudwatch_json(told).startswith(f'{{"AlarmName":"{name}"')
    for channel in (render.slack, render.teams):
        assert channel(told)


@pytest.mark.parametrize(
    ("step", "told"),
    [
        ("`aws iam get-user`", 'aws iam <span style="white-space:nowrap;">get-user</span>'),
        ("`ls -l`, `x`", 'ls <span style="white-space:nowrap;">-l</span>'),
        ("`aws --x`", 'aws <span style="white-space:nowrap;">--x</span>'),
        ("`aws " + "w-" * 16 + "`", "aws " + "w-" * 16),  # wider than a phone: it may be broken
        ("`aws '\u7ba1\u7406'`", "aws &#39;\u7ba1\u7406&#39;"),  # twice as wide as Latin letters
        ("`a<b>`", '<span style="white-space:nowrap;">a&lt;b&gt;</span>'),
    ],
)
def test_words_of_a_command_stay_whole(step: str, told: str) -> None:
    """Rule: "a browser breaks after a hyphen, and half an option reads as another one"."""
    given = notice()
    detections = {name: replace(one, respond=(step,)) for name, one in given.detections.items()}
    html = render.email(replace(given, detections=detections)).html
    assert f">{told}</code>" in html
