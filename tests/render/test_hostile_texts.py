"""Texts that attackers write break no channel: each message parses, keeps its structure, and keeps to its limits."""

from __future__ import annotations

import html.parser
import json
import re
import shlex
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from render.notices import notice, record, sighting
from vedette.alerts import render
from vedette.alerts.delivery import Reason
from vedette.alerts.notice import Notice
from vedette.alerts.record import Lifecycle, Status, Told
from vedette.alerts.render.headline import SUBJECT
from vedette.alerts.render.sms import SEPTETS, septets
from vedette.alerts.usual import Judgement, Usual
from vedette.cloudtrail.identity import Actor, ActorKind

ATTACKS = {
    "script": '<script>alert(1)</script><img src=x onerror=alert(1)>"><b>',
    "attribute": '" onmouseover="alert(1)" x="',
    "style": "</style></pre></bdi></div><h1>Resolved</h1><style>*{display:none}",
    "header": "alice\r\nBcc: eve@example.com\r\n\r\nAll is well",
    "separators": "a\x0bb\x0cc\x1cd\x1ee\x85f\u2028g\u2029h",
    "mention": "<!channel> <!here> <@U012345> <!subteam^S1> @here @channel @everyone",
    "mrkdwn": "*bold* _italic_ ~gone~ `code` ```block``` <https://evil.example|Sign in> & &lt;",
    "markdown": "[Sign in](https://evil.example) ![x](https://evil.example/x.png) **b** # h",
    "ansi": "\x1b[2J\x1b[1;1H\x1b]0;pwned\x07\x1b]8;;https://evil.example\x1b\\ok\x9b31m",
    "bidi": "user\u202egpj.exe\u202c\u2066\u2067\u2068\u2069\u200f\u061c",
    "zero width": "ali\u200bce\u200c\u200d\u2060\ufeff\u00adx\U000e0041",
    "surrogates": "a\ud800b\udfff",
    "nul": "a\x00b",
    "right to left": "\u05de\u05e0\u05d4\u05dc \u0627\u0644\u0645\u062f\u064a\u0631",
    "marks": "Z" + "\u0351" * 500,
    "template": "{{7*7}} {% for x in y %} ${7*7} #{7*7} <%= 7*7 %> {alert} {name} %s %n",
    "formula": '=HYPERLINK("https://evil.example")\t+1-1@SUM(A1)',
    "shell": "x'; rm -rf / #$(reboot)`reboot`|&\n",
    "option": "--profile=evil",
    "file": "file:///etc/passwd",
    "long word": "W" * 100_000,
    "long words": "lorem ipsum " * 9_000,
    "long wide": "\U0001f600" * 25_000,
    "long markup": "<&>'\"" * 20_000,
    "json": '"}],"x":[{"\\',
    "emoji": "👩‍💻🏴‍☠️",
}


def attacked(text: str, reason: Reason = Reason.FIRST, copies: int = 1) -> Notice:
    """A notice in which every text that a record, an operator or a monitor writes is the attack."""
    actor = Actor(ActorKind.ROLE, text, text, text, text, text, text, None, text, text, text)
    seen = [
        sighting(
            number,
            number,
            actor=replace(actor, name=f"{text}{number}") if number else actor,
            event_id=text,
            object_name=text,
            address=text,
            account=text,
            event_source=text if number % 2 else "iam.amazonaws.com",
            event_name=text if number % 2 else "CreateUser",
            user_agent=text,
            error=text,
            resources=(text, f"sg-{text}", f"arn:aws:secretsmanager:eu-central-1:111122223333:secret:{text}"),
            region="eu-central-1" if number < 2 else text,
        )
        for number in range(4)
    ]
    one = record(
        *seen,
        group=(text,),
        reason=text,
        title=text,
        id=text,
        incident=text,
        lifecycle=Lifecycle(Status.ACKNOWLEDGED, text, 1, text),
        told=Told(1, 2, frozenset({text}), frozenset()),
    )
    return notice(
        *(replace(one, id=f"{text}{number}") for number in range(copies)),
        reason=reason,
        key=text,
        channel=text,
        account_names={text: text},
        usual={f"{text}{number}": Usual(Judgement.UNUSUAL, (text, text)) for number in range(copies)},
        countries={text: text},
        closing={f"{text}{number}": text for number in range(copies)},
    )


def cases() -> Iterator[Notice]:
    for text in ATTACKS.values():
        yield attacked(text)
    yield attacked(ATTACKS["long markup"], Reason.NEW_ACTOR, copies=60)
    yield attacked(ATTACKS["script"], Reason.SUMMARY, copies=3)
    yield attacked(ATTACKS["mention"], Reason.RESOLVED, copies=2)


@pytest.fixture(params=list(range(len(ATTACKS) + 3)), ids=[*ATTACKS, "many", "several", "over"])
def told(request: pytest.FixtureRequest) -> Notice:
    return list(cases())[request.param]


class Page(html.parser.HTMLParser):
    """The tags and attributes of a page, and its text; fails on a tag that closes nothing."""

    VOID = frozenset({"meta", "br"})

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.links: list[str] = []
        self.text = ""
        self.open: list[str] = []
        self.headings: list[str] = []
        self.feed(page)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links += [value or "" for name, value in attrs if name == "href"]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data
        if self.open and self.open[-1] == "h2":
            self.headings.append(data)


TAGS = {
    "html", "head", "meta", "title", "style", "body", "div", "span", "h1", "h2", "p", "ol", "ul", "li", "pre", "code",
    "a", "bdi", "br",
}  # fmt: skip
ATTRIBUTES = {"lang", "dir", "charset", "name", "content", "class", "style", "href"}


def harmless(text: str, allowed: str = "\n") -> bool:
    """No character of a text steers or hides."""
    bad = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    return all(char in allowed or unicodedata.category(char) not in bad for char in text)


def test_html_has_no_tag_or_attribute_of_an_attacker(told: Notice) -> None:
    content = render.email(told).html
    page = Page(content)
    assert page.tags <= TAGS
    assert page.attributes <= ATTRIBUTES
    assert all(re.match(r"https://[a-z0-9-]+\.console\.aws\.amazon\.com/[!-~]*$", link) for link in page.links)
    assert page.headings[:4] == ["Who", "From where", "What", "When"]
    assert harmless(content)
    assert len(content.encode()) < 100_000, "mail clients cut what is longer"
    assert "src=" not in re.sub(r">[^<]*<", "><", content)


def test_mail_parses_and_has_no_header_of_an_attacker(told: Notice) -> None:
    content = render.email(told)
    message = EmailMessage()
    message["Subject"] = content.subject
    for name, value in content.headers.items():
        assert value.isascii()
        assert value.isprintable()
        message[name] = value
    message.set_content(content.text)
    message.add_alternative(content.html, subtype="html")
    parsed = message_from_bytes(
        message.as_bytes(policy=policy.default.clone(max_line_length=998)), policy=policy.default
    )
    assert isinstance(parsed, EmailMessage)
    assert not parsed.defects
    assert set(parsed.keys()) == {"Subject", *content.headers, "MIME-Version", "Content-Type"}
    assert str(parsed["Subject"]) == content.subject
    assert len(content.subject) <= SUBJECT
    assert re.fullmatch(r"<[0-9a-f]{32}@vedette\.invalid>", content.headers["Message-ID"])
    body, alternative = parsed.get_body(("plain",)), parsed.get_body(("html",))
    assert body is not None
    assert alternative is not None
    assert body.get_content().rstrip("\n") == content.text.rstrip("\n")
    assert alternative.get_content().rstrip("\n") == content.html.rstrip("\n")


def test_text_steers_no_terminal_and_keeps_its_sections(told: Notice) -> None:
    text = render.plain(told)
    assert harmless(text)
    assert len(text) < 60_000
    lines = text.split("\n")
    sections = ("WHO", "FROM WHERE", "WHAT", "WHEN", "WHAT TO DO NOW", "THE MOST TELLING RECORDS")
    (told_in_full,) = {lines.count(section) for section in sections}
    assert 1 <= told_in_full <= min(len(told.alerts), 4)


def test_no_command_holds_what_a_shell_would_obey(told: Notice) -> None:
    """Only plain names come into commands; of these attacks none is plain, so that there is none."""
    lines = [line.strip() for line in render.plain(told).split("\n")]
    commands = [line for line in lines if line.startswith("aws ") and "--" in line]
    assert all(re.fullmatch(r"[A-Za-z0-9_+=,.@:/!~#*\[\]{}' \"-]+", command) for command in commands)
    words = [word for command in commands for word in shlex.split(command)]
    assert not any(word.startswith(("file:", "--profile")) or "rm -rf" in word for word in words)


def test_sms_is_one_part(told: Notice) -> None:
    text = render.sms(told)
    assert septets(text) <= SEPTETS
    assert harmless(text, "")


def _strings(value: object) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            yield from (text for inner in value.values() for text in _strings(inner))
        case list():
            yield from (text for inner in value for text in _strings(inner))
        case _:
            pass


def test_slack_keeps_to_its_limits_and_mentions_nobody(told: Notice) -> None:
    """At most 50 blocks; a text has at most 3,000 characters, a header 150, a field 2,000, of at most 10 fields."""
    message = json.loads(json.dumps(render.slack(told), ensure_ascii=False).encode())
    assert len(message["blocks"]) <= 50
    for block in message["blocks"]:
        texts = [block["text"]] if "text" in block else []
        assert all(len(text["text"]) <= (150 if block["type"] == "header" else 3_000) for text in texts)
        fields = block.get("fields", []) + block.get("elements", [])
        assert len(fields) <= 10
        assert all(len(field["text"]) <= 2_000 for field in fields)
        assert all(text["text"] and text.get("verbatim", True) for text in texts + fields)
    for text in _strings(message):
        assert harmless(text)
        assert not re.search(r"@(here|channel|everyone)\b", text)
        if text == message["blocks"][0]["text"]["text"]:
            continue  # plain text, which Slack does not read
        marks = re.findall(r"<[^>]*>", text)
        assert all(re.fullmatch(r"<https://[a-z0-9-]+\.console\.aws\.amazon\.com/[^|<>]*\|[^|<>]*>", m) for m in marks)
        assert text.count("<") == text.count(">") == len(marks)
        assert not re.search(r"&(?!amp;|lt;|gt;)", text)
        assert text.count("```") % 2 == 0


def test_teams_reads_no_markdown_of_an_attacker(told: Notice) -> None:
    message = render.teams(told)
    assert len(json.dumps(message).encode()) <= 28_000
    attachments = message["attachments"]
    assert isinstance(attachments, list)
    (attachment,) = attachments
    card = attachment["content"]
    kinds = set(re.findall(r'"type": "(\w[\w.]*)"', json.dumps(card)))
    assert kinds <= {"AdaptiveCard", "Container", "RichTextBlock", "TextRun", "Action.OpenUrl"}
    assert "entities" not in card["msteams"]
    assert all(
        action["url"].startswith("https://eu-central-1.console.aws.amazon.com/")
        or action["url"].startswith("https://us-east-1.console.aws.amazon.com/")
        for action in card["actions"]
    )
    assert len(card["actions"]) <= 6
    assert all(map(harmless, _strings(card)))


def test_pagerduty_keeps_to_its_limits(told: Notice) -> None:
    """512 kB an event; a summary of at most 1,024 characters, a dedup_key of at most 255."""
    event = render.pagerduty(replace(told, alerts=tuple(replace(a, lifecycle=Lifecycle()) for a in told.alerts)))
    assert len(json.dumps(event).encode()) <= 512_000
    assert 1 <= len(str(event["dedup_key"])) <= 255
    assert all(map(harmless, _strings(event)))
    if event["event_action"] == "trigger":
        payload = event["payload"]
        assert isinstance(payload, dict)
        assert 1 <= len(payload["summary"]) <= 1_024


def test_webhook_is_json_that_everybody_reads(told: Notice) -> None:
    event = render.webhook(told)
    text = json.dumps(event, ensure_ascii=False).encode()
    assert len(text) <= 250_000
    assert json.loads(text) == event


def test_cloudwatch_texts_are_whole(told: Notice) -> None:
    subject = render.cloudwatch_subject(told)
    assert len(subject) <= 100
    assert subject.isascii()
    assert subject.isprintable()
    body = json.loads(render.cloudwatch_json(told).encode())
    assert body["AlarmArn"].startswith("arn:aws:cloudwatch:eu-central-1:000000000000:alarm:")
    render.cloudwatch_email(told, context=True).encode()
    render.cloudwatch_sms(told).encode()


TEXTS = st.one_of(
    st.text(st.characters(exclude_categories=[]), max_size=60),
    st.lists(st.sampled_from([*ATTACKS.values()]).map(lambda text: text[:400]), max_size=3).map("".join),
)


@settings(max_examples=25, deadline=None)
@given(TEXTS, st.sampled_from(Reason))
@example("", Reason.FIRST)
def test_any_text_makes_whole_messages(text: str, reason: Reason) -> None:
    """Whatever is written, whatever the reason: every channel has a message, and it is well-formed."""
    any_told = attacked(text, reason, copies=2)
    content = render.email(any_told)
    assert Page(content.html).tags <= TAGS
    assert harmless(content.text)
    assert harmless(content.subject, "")
    assert all(value.isascii() and value.isprintable() for value in content.headers.values())
    assert septets(render.sms(any_told)) <= SEPTETS
    for channel in (render.slack, render.teams, render.pagerduty, render.webhook):
        json.dumps(channel(any_told), ensure_ascii=False).encode()
    json.loads(render.cloudwatch_json(any_told).encode())
