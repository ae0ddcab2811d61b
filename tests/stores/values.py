"""Values that a store must keep, drawn at random: hostile texts, numbers of any size, every shape of a sketch."""

from hypothesis import strategies as st

from vedette.alerts.delivery import Delivery, DeliveryState, Reason
from vedette.alerts.evidence import Counts, Evidence, Sighting
from vedette.alerts.habits import ActorDay, Some
from vedette.alerts.record import AlertRecord, Base, Lifecycle, Status, Told
from vedette.cloudtrail.identity import Actor, ActorKind
from vedette.detections.definition import Severity
from vedette.metrics.statistics import LARGEST, StatisticSet
from vedette.monitor.store import Silence

NASTY = (
    "", "\x00", "a\x00b", "\ud800", "\udfff\ud800", "\\", "\\u0000", "\\\\ud800", "'; DROP TABLE alerts; --", "%s", "?",
    "{}", '"', "\u202egnp.exe", "\u200b", "\x1b[2J", "\r\nBcc: x@example.com", "\ufffe\uffff", "\U0010ffff", "null",
    "x" * 5000,
)  # fmt: skip
"""Texts that have broken databases, terminals and encodings."""

texts = st.sampled_from(NASTY) | st.text(st.characters(), max_size=20)
"""Any text; half surrogate pairs too."""

seconds = st.integers(0, 2**40)
counts = st.integers(1, 50) | st.integers(1, 2**80)
values = st.floats(-LARGEST, LARGEST) | st.sampled_from([0, -0.0, 1, 0.1, 5e-324, LARGEST, 1 / 3])

actors = st.builds(
    Actor,
    kind=st.sampled_from(ActorKind),
    name=texts,
    key=texts,
    account=st.none() | texts,
    role=st.none() | texts,
    session=st.none() | texts,
    arn=st.none() | texts,
    access_key_id=st.none() | texts,
    assumed_root=st.booleans(),
)

sightings = st.builds(
    Sighting,
    time=seconds,
    event_id=texts,
    object_name=texts,
    first_line=st.integers(0, 2**70),
    place=st.integers(0, 2**40),
    actor=actors,
    address=texts,
    region=texts,
    account=texts,
    event_source=texts,
    event_name=texts,
    user_agent=texts,
    error=texts,
    resources=st.lists(texts, max_size=3).map(tuple),
)

_counts = st.builds(Counts, values=st.dictionaries(texts, counts, max_size=4), complete=st.booleans())
"""Built by hand: what no merge makes must come back as it was, too."""

evidences = st.lists(sightings, max_size=5).map(Evidence.of) | st.builds(
    Evidence,
    count=counts,
    first=seconds,
    last=seconds,
    actors=_counts,
    user_agents=_counts,
    earliest=st.lists(sightings, max_size=3).map(tuple),
    latest=st.lists(sightings, max_size=2).map(tuple),
    untold=st.integers(0, 2**70),
)


@st.composite
def statistic_sets(draw: st.DrawFn) -> StatisticSet:
    """Empty ones, those of one value, of several, of so many that they fall into buckets, and with negative ones."""
    made = StatisticSet()
    for value, count in draw(st.lists(st.tuples(values, counts), max_size=6)):
        made.add(value, count)
    for number in range(draw(st.sampled_from([0, 0, 0, 127, 200]))):
        made.add(0.25 + number)
    return made


lifecycles = st.builds(
    Lifecycle, status=st.sampled_from(Status), who=texts, when=seconds, note=texts, until=st.none() | seconds
)
tolds = st.builds(
    Told, at=seconds, times=st.integers(0, 99), actors=st.frozensets(texts, max_size=3),
    addresses=st.frozensets(texts, max_size=3), channels=st.frozensets(texts, max_size=2), over=st.booleans(),
)  # fmt: skip
groups = st.lists(texts, max_size=3).map(tuple)

alerts = st.builds(
    AlertRecord,
    id=st.uuids().map(str),
    detection=st.sampled_from(["root-login", "trail-stopped"]),
    title=texts,
    severity=st.sampled_from(Severity),
    group=groups,
    opened=seconds,
    closed=st.none() | seconds,
    reason=texts,
    minutes=st.tuples(seconds, seconds),
    evidence=evidences,
    incident=texts,
    created=seconds,
    changed=seconds,
    lifecycle=lifecycles,
    told=tolds,
    kind=st.sampled_from(["detection", "self", "canary"]),
    closes=st.none() | seconds,
    closing=texts,
    actor=texts,
    withdrawn=texts,
    base=st.none() | st.builds(Base, until=seconds, evidence=evidences),
)

deliveries = st.builds(
    Delivery,
    key=st.uuids().map(str),
    channel=texts,
    incident=texts,
    alerts=st.lists(texts, max_size=3).map(tuple),
    reason=st.sampled_from(Reason),
    created=seconds,
    due=seconds,
    state=st.sampled_from(DeliveryState),
    attempts=st.integers(0, 99),
    holder=texts,
    lease=seconds,
    settled=st.none() | seconds,
    detail=texts,
    thread=texts,
    note=texts,
)

silences = st.builds(
    Silence, id=st.uuids().map(str), matchers=st.dictionaries(texts, texts, max_size=3), owner=texts, reason=texts,
    created=seconds, until=seconds,
)  # fmt: skip

_some = st.builds(Some, values=st.frozensets(texts, max_size=4), complete=st.booleans())
days = st.builds(
    ActorDay, actor=texts, start=seconds, hours=st.integers(0, 2**24 - 1), addresses=_some, calls=_some, regions=_some,
    programs=_some,
)  # fmt: skip
