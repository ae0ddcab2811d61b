"""The contract of every store, as tests: a store's own test module derives from `StoreContract` and gives a `store`.

    class TestMemory(StoreContract):
        @pytest.fixture
        def store(self) -> Iterator[Store]:
            yield MemoryStore()

Each test gets an empty store.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from alerts.making import NOON, actor, sighting
from vedette.alerts.delivery import Delivery, DeliveryState, Reason
from vedette.alerts.evidence import Evidence
from vedette.alerts.habits import DAY, MAX_VALUES, ActorDay, Some
from vedette.alerts.record import AlertRecord, Base, Lifecycle, Status, Told
from vedette.detections.definition import Severity
from vedette.errors import VedetteError
from vedette.metrics.statistics import StatisticSet
from vedette.monitor.store import (
    TABLES,
    AlertFilter,
    Decision,
    MatchRow,
    MinuteRow,
    ObjectRow,
    Silence,
    SourceHealth,
    Store,
)

HOSTILE = 'a\x00b "quoted" \\ \ud800 ‮ \n é 😀 \' ; DROP TABLE alerts; --'
GROUP = ("111122223333/user/alice", HOSTILE)
FAR = 1 << 40


def match(key: str = "e-1", detection: str = "root-login", minute: float = 0) -> MatchRow:
    """A match of one record."""
    return MatchRow(detection, key, GROUP, 1.0, sighting(minute))


def minute(at: int = 0, values: tuple[float, ...] = (1.0,), **changes: object) -> MinuteRow:
    """What was counted `at` minutes after noon."""
    statistics = StatisticSet.of(values) if values else None
    return MinuteRow(NOON + 60 * at, statistics, Evidence.of([sighting(at, at, **changes)]))


def alert(name: str = "a-1", at: int = 0, **changes: object) -> AlertRecord:
    """An alert whose records are of the minutes `at` and the next."""
    start = NOON + 60 * at
    evidence = Evidence.of([sighting(at, 1), sighting(at + 1, 2, user_agent=HOSTILE)])
    fields: dict[str, object] = {
        "id": name,
        "detection": "root-login",
        "title": "Root signed in",
        "severity": Severity.HIGH,
        "group": GROUP,
        "opened": start + 60,
        "closed": None,
        "reason": "Threshold Crossed: 1 datapoint",
        "minutes": (start, start + 60),
        "evidence": evidence,
        "incident": "i-1",
        "created": start,
        "changed": start,
        **changes,
    }
    return AlertRecord(**fields)  # type: ignore[arg-type]  # the tests name the fields


def delivery(key: str = "d-1", **changes: object) -> Delivery:
    """A delivery that waits."""
    fields: dict[str, object] = {
        "key": key,
        "channel": "mail",
        "incident": "i-1",
        "alerts": ("a-1",),
        "reason": Reason.FIRST,
        "created": NOON,
        "due": NOON,
        **changes,
    }
    return Delivery(**fields)  # type: ignore[arg-type]


def one(key: str, at: int, **changes: object) -> ObjectRow:
    """An object that was read."""
    fields: dict[str, object] = {"records": 10, "malformed": 0, "bodies": 1, "done": True, **changes}
    return ObjectRow("folder", key, at, **fields)  # type: ignore[arg-type]


def actor_day(name: str = "alice", day: int = 0, **changes: object) -> ActorDay:
    """What an actor did `day` days after the first."""
    fields: dict[str, object] = {"hours": 1 << 9, "calls": Some.of(["GetObject"]), **changes}
    return ActorDay(name, day * DAY, **fields)  # type: ignore[arg-type]


class StoreContract:
    """What every store does."""

    @pytest.fixture
    def store(self) -> Iterator[Store]:
        raise NotImplementedError("the store's own tests give one")

    # transactions

    def test_a_transaction_that_raises_leaves_nothing(self, store: Store) -> None:
        with store.transaction() as tx:
            tx.put_alert(alert("kept", title="before"))
            tx.put_note("kept", "before")
            tx.set_due("root-login", GROUP, NOON)
        with pytest.raises(ZeroDivisionError), store.transaction() as tx:
            tx.put_object(one("x", NOON))
            tx.put_health(SourceHealth("folder"))
            tx.add_matches([match()])
            tx.put_minutes("root-login", GROUP, [minute()])
            tx.put_alert(alert("kept", title="after", at=7))
            tx.put_alert(alert("new"))
            tx.set_due("root-login", GROUP, None)
            tx.put_decision(Decision("kept", NOON, Reason.FIRST))
            tx.put_delivery(delivery())
            tx.put_silence(Silence("s", {}, "o", "r", NOON, NOON + 60))
            tx.put_habits([actor_day()])
            tx.lease("l", "me", NOON, NOON + 60)
            tx.put_note("kept", "after")
            raise ZeroDivisionError
        with store.transaction() as tx:
            assert tx.object("folder", "x") is None
            assert tx.healths() == []
            assert list(tx.add_matches([match()])) == [match()]
            assert list(tx.minutes("root-login", GROUP, 0, FAR)) == []
            assert [each.title for each in tx.alerts(AlertFilter())] == ["before"]
            assert list(tx.alerts_of("root-login", GROUP, NOON + 400, FAR)) == []
            assert list(tx.due(NOON)) == [("root-login", GROUP)]
            assert list(tx.decisions("kept")) == []
            assert list(tx.deliveries()) == []
            assert list(tx.silences(NOON)) == []
            assert tx.habits_since() is None
            assert tx.lease("l", "you", NOON, NOON + 60)
            assert tx.note("kept") == "before"

    def test_a_transaction_sees_its_own_writes(self, store: Store) -> None:
        with store.transaction() as tx:
            assert tx.add_matches([match()])
            assert not tx.add_matches([match()])
            tx.put_alert(alert())
            assert tx.alert("a-1") == alert()
            tx.put_minutes("root-login", GROUP, [minute()])
            assert list(tx.minutes("root-login", GROUP, NOON, NOON + 60)) == [minute()]
            assert tx.put_delivery(delivery())
            assert [each.key for each in tx.deliveries(channel="mail")] == ["d-1"]

    # objects and sources

    def test_an_object_is_known_by_its_source_and_name(self, store: Store) -> None:
        with store.transaction() as tx:
            tx.put_object(one(HOSTILE, NOON, records=3, malformed=2, bodies=1, done=False))
            tx.put_object(one(HOSTILE, NOON + 1, records=5, malformed=2, bodies=2))
        with store.transaction() as tx:
            assert tx.object("folder", HOSTILE) == one(HOSTILE, NOON + 1, records=5, malformed=2, bodies=2)
            assert tx.object("bucket", HOSTILE) is None

    def test_objects_come_newest_first_and_those_put_aside_alone(self, store: Store) -> None:
        with store.transaction() as tx:
            for number in range(4):
                tx.put_object(one(f"{number}", NOON + number, poison="cut short" if number == 1 else ""))
        with store.transaction() as tx:
            assert [row.name for row in tx.objects()] == ["3", "2", "1", "0"]
            assert [row.name for row in tx.objects(limit=2)] == ["3", "2"]
            assert [row.name for row in tx.objects(poison=True)] == ["1"]
            assert [row.name for row in tx.objects(poison=False)] == ["3", "2", "0"]

    def test_a_source_keeps_its_health(self, store: Store) -> None:
        full = SourceHealth("b", "cursor", "last", NOON, 300, 5, 6, 7, HOSTILE)
        with store.transaction() as tx:
            assert tx.health("b") is None
            tx.put_health(SourceHealth("b"))
            tx.put_health(full)
            tx.put_health(SourceHealth("a"))
        with store.transaction() as tx:
            assert tx.health("b") == full
            assert list(tx.healths()) == [SourceHealth("a"), full]

    # matches and minutes

    def test_a_match_is_new_once(self, store: Store) -> None:
        """By (detection, key): what the group or the place in a file is makes no difference."""
        other = replace(match(), group=("bob",), sighting=sighting(9))
        with store.transaction() as tx:
            rows = [match("a"), match("b"), match("a"), match("a", "other-detection")]
            assert list(tx.add_matches(rows)) == [rows[0], rows[1], rows[3]]
        with store.transaction() as tx:
            assert list(tx.add_matches([replace(other, key="a"), match("c"), match(HOSTILE)])) == [
                match("c"),
                match(HOSTILE),
            ]
            assert list(tx.add_matches([])) == []

    def test_many_matches_at_once(self, store: Store) -> None:
        rows = [match(f"e-{number}") for number in range(3000)]
        with store.transaction() as tx:
            assert len(tx.add_matches(rows)) == 3000
        with store.transaction() as tx:
            assert [row.key for row in tx.add_matches([*rows, match("new")])] == ["new"]

    def test_minutes_come_in_order_within_bounds(self, store: Store) -> None:
        rows = [minute(3), minute(1), minute(2, ()), minute(4, (1.0, 2.5, -7.0)), minute(9)]
        with store.transaction() as tx:
            tx.put_minutes("root-login", GROUP, rows)
            tx.put_minutes("root-login", ("bob",), [minute(2)])
        with store.transaction() as tx:
            found = list(tx.minutes("root-login", GROUP, NOON + 60, NOON + 9 * 60))
            assert found == [rows[1], rows[2], rows[0], rows[3]]
            assert list(tx.minutes("root-login", GROUP, 0, FAR))[-1] == rows[4]
            assert list(tx.minutes("other", GROUP, 0, FAR)) == []

    def test_a_minute_is_replaced(self, store: Store) -> None:
        with store.transaction() as tx:
            tx.put_minutes("root-login", GROUP, [minute(1)])
            tx.put_minutes("root-login", GROUP, [minute(1, (5.0,), actor=actor("bob"))])
        with store.transaction() as tx:
            assert list(tx.minutes("root-login", GROUP, 0, FAR)) == [minute(1, (5.0,), actor=actor("bob"))]

    def test_a_group_of_no_fields_is_a_group(self, store: Store) -> None:
        with store.transaction() as tx:
            tx.put_minutes("root-login", (), [minute(1)])
            tx.set_due("root-login", (), NOON)
        with store.transaction() as tx:
            assert list(tx.minutes("root-login", (), 0, FAR)) == [minute(1)]
            assert list(tx.groups("root-login", 0, FAR)) == [()]
            assert list(tx.due(NOON)) == [("root-login", ())]

    def test_groups_are_those_with_a_minute_within_bounds(self, store: Store) -> None:
        with store.transaction() as tx:
            for number, group in enumerate([("c",), ("a",), ("b",), ("a", "b")]):
                tx.put_minutes("root-login", group, [minute(number), minute(number + 10)])
            tx.put_minutes("other", ("z",), [minute(1)])
        with store.transaction() as tx:
            assert list(tx.groups("root-login", NOON, FAR)) == [("a",), ("a", "b"), ("b",), ("c",)]
            assert list(tx.groups("root-login", NOON + 60, NOON + 180)) == [("a",), ("b",)]

    # alerts

    def test_an_alert_comes_back_as_it_was(self, store: Store) -> None:
        evidence = Evidence.of([sighting(number, number, actor=actor(f"{number}")) for number in range(100)])
        full = alert(
            title=HOSTILE,
            closed=NOON + 900,
            evidence=evidence.merge(Evidence.untold_records(5, NOON - 60, NOON)),
            lifecycle=Lifecycle(Status.SNOOZED, HOSTILE, NOON, HOSTILE, NOON + 60),
            told=Told(NOON, 3, frozenset({"alice", HOSTILE}), frozenset({"198.51.100.7"}), frozenset({"mail"}), True),
            kind="self",
            closes=NOON + 900,
            closing=HOSTILE,
            actor=HOSTILE,
            withdrawn=HOSTILE,
            base=Base(NOON + 120, evidence),
        )
        with store.transaction() as tx:
            tx.put_alert(alert())
            tx.put_alert(full)
        with store.transaction() as tx:
            assert tx.alert("a-1") == full
            assert tx.alert("unheard-of") is None

    def test_alerts_are_filtered(self, store: Store) -> None:
        rows = [
            alert("a", changed=NOON + 1, closed=NOON),
            alert("b", changed=NOON + 2, group=("bob",), actor="bob", incident="i-2"),
            alert("c", changed=NOON + 3, detection="other", lifecycle=Lifecycle(Status.RESOLVED)),
            alert("d", changed=NOON + 4, withdrawn="joined"),
        ]
        wanted = [
            ("dcba", AlertFilter()),
            ("dc", AlertFilter(limit=2)),
            ("cb", AlertFilter(standing=True)),
            ("da", AlertFilter(standing=False)),
            ("c", AlertFilter(status=Status.RESOLVED)),
            ("dba", AlertFilter(detection="root-login")),
            ("da", AlertFilter(detection="root-login", group=GROUP)),
            ("b", AlertFilter(actor="bob")),
            ("", AlertFilter(actor="bob", since=NOON + 3)),
            ("dca", AlertFilter(incident="i-1")),
            ("dc", AlertFilter(since=NOON + 3)),
            ("d", AlertFilter(since=NOON + 3, detection="root-login")),
        ]
        with store.transaction() as tx:
            for row in rows:
                tx.put_alert(row)
        with store.transaction() as tx:
            for names, asked in wanted:
                assert "".join(each.id for each in tx.alerts(asked)) == names, asked

    def test_a_groups_alerts_are_found_by_the_minutes_they_touch(self, store: Store) -> None:
        with store.transaction() as tx:
            for name, at in (("late", 20), ("early", 0), ("middle", 10)):
                tx.put_alert(alert(name, at))
            tx.put_alert(alert("of-bob", 10, group=("bob",)))
        with store.transaction() as tx:
            assert [a.id for a in tx.alerts_of("root-login", GROUP, 0, FAR)] == ["early", "middle", "late"]
            assert [a.id for a in tx.alerts_of("root-login", GROUP, NOON + 60, NOON + 601)] == ["early", "middle"]
            assert [a.id for a in tx.alerts_of("root-login", GROUP, NOON + 61, NOON + 600)] == []
            tx.put_alert(alert("early", 0, minutes=(NOON - 600, NOON - 540)))
            assert [a.id for a in tx.alerts_of("root-login", GROUP, NOON - 545, NOON)] == ["early"]

    # due groups

    def test_due_groups_come_longest_due_first(self, store: Store) -> None:
        with store.transaction() as tx:
            for name, due in (("a", 30), ("b", 10), ("c", 20), ("d", 99), ("e", 5)):
                tx.set_due("root-login", (name,), NOON + due)
            tx.set_due("root-login", ("e",), None)
            tx.set_due("root-login", ("c",), NOON + 25)
            tx.set_due("root-login", ("never",), None)
        with store.transaction() as tx:
            assert [group for _, group in tx.due(NOON + 30)] == [("b",), ("c",), ("a",)]
            assert list(tx.due(NOON + 30, limit=1)) == [("root-login", ("b",))]
            assert list(tx.due(NOON + 9)) == []

    def test_what_is_done_with_several_is_done_with_each(self, store: Store) -> None:
        """Rule: 'The same of several': alerts, due times and decisions, more of them than one statement takes."""
        names = [f"g{number:03}" for number in range(450)]
        places = [("root-login", (name,)) for name in names]
        with store.transaction() as tx:
            tx.put_alerts([alert(f"{name}-{turn}", group=(name,), changed=NOON + turn)
                           for name in names for turn in range(3)])  # fmt: skip
            tx.put_alerts([])
            tx.put_decisions([Decision("a", NOON + number, Reason.FIRST) for number in range(450)])
            tx.set_dues({place: NOON + number for number, place in enumerate(places)})
            tx.set_dues(dict.fromkeys(places[1:], None) | {places[0]: NOON + 1})
        with store.transaction() as tx:
            found = tx.newest_alerts([*places, ("root-login", ("unknown",))], 2)
            assert [[each.id for each in found[place]] for place in places] == [[f"{n}-2", f"{n}-1"] for n in names]
            assert list(found["root-login", ("unknown",)]) == []
            assert [each.at - NOON for each in tx.decisions("a")] == list(range(450))
            assert list(tx.due(NOON + 10**6)) == [places[0]]

    # decisions and deliveries

    def test_decisions_come_in_the_order_in_which_they_were_taken(self, store: Store) -> None:
        taken = [
            Decision("a-1", NOON, Reason.FIRST, HOSTILE, ("d-1", "d-2")),
            Decision("a-1", NOON, Reason.SILENCED, "s"),
            Decision("a-1", NOON + 5, Reason.REPEAT),
        ]
        with store.transaction() as tx:
            for decision in taken:
                tx.put_decision(decision)
            tx.put_decision(Decision("a-2", NOON, Reason.NO_ROUTE))
        with store.transaction() as tx:
            assert list(tx.decisions("a-1")) == taken
            assert list(tx.decisions("unheard-of")) == []

    def test_decisions_are_counted_by_alert(self, store: Store) -> None:
        """Rule: 'Of how many alerts that was decided in decisions with a number over `after`.' All in one second."""
        taken = [("a", Reason.TOO_OLD), ("b", Reason.TOO_OLD), ("b", Reason.TOO_OLD), ("c", Reason.FIRST)]
        marks = []
        with store.transaction() as tx:
            assert tx.last_decision() == 0
            for alert, reason in taken:
                marks.append(tx.last_decision())
                tx.put_decisions([Decision(alert, NOON, reason)])
            marks.append(tx.last_decision())
        with store.transaction() as tx:
            assert [tx.count_decided(Reason.TOO_OLD, mark) for mark in marks] == [2, 1, 1, 0, 0]
            assert tx.count_decided(Reason.FIRST, 0) == 1

    def test_a_delivery_is_planned_once(self, store: Store) -> None:
        with store.transaction() as tx:
            assert tx.put_delivery(delivery())
            assert not tx.put_delivery(delivery(channel="slack"))
        with store.transaction() as tx:
            assert not tx.put_delivery(delivery(channel="slack"))
            assert list(tx.deliveries()) == [delivery()]
            assert tx.delivery("d-1") == delivery()
            assert tx.delivery("d-2") is None

    def test_a_delivery_comes_back_as_it_was(self, store: Store) -> None:
        full = delivery(
            alerts=("a-1", "a-2"), state=DeliveryState.DEAD, attempts=3, holder="me", lease=NOON + 9,
            settled=NOON + 5, detail=HOSTILE, thread=HOSTILE,
        )  # fmt: skip
        with store.transaction() as tx:
            tx.put_delivery(delivery())
            tx.replace_delivery(full)
        with store.transaction() as tx:
            assert list(tx.deliveries()) == [full]

    def test_deliveries_are_filtered_newest_first(self, store: Store) -> None:
        with store.transaction() as tx:
            for number, (channel, incident, state) in enumerate(
                [
                    ("mail", "i-1", DeliveryState.SENT),
                    ("mail", "i-2", DeliveryState.WAITING),
                    ("slack", "i-1", DeliveryState.WAITING),
                    ("mail", "i-1", DeliveryState.DEAD),
                ]
            ):
                row = delivery(f"{number}", channel=channel, incident=incident, state=state, created=NOON + number)
                tx.put_delivery(row)
        with store.transaction() as tx:
            assert [each.key for each in tx.deliveries()] == ["3", "2", "1", "0"]
            assert [each.key for each in tx.deliveries(limit=2)] == ["3", "2"]
            assert [each.key for each in tx.deliveries(state=DeliveryState.WAITING)] == ["2", "1"]
            assert [each.key for each in tx.deliveries(channel="mail", incident="i-1")] == ["3", "0"]
            assert [each.key for each in tx.deliveries(channel="mail", state=DeliveryState.SENT)] == ["0"]
            assert [each.key for each in tx.deliveries(channel="mail", limit=2)] == ["3", "1"]

    def test_a_claimed_delivery_is_not_claimed_again_until_its_lease_ends(self, store: Store) -> None:
        """Not even by its holder: two of its threads would send it twice."""
        with store.transaction() as tx:
            tx.put_delivery(delivery("later", due=NOON + 100))
            tx.put_delivery(delivery("second", due=NOON - 1))
            tx.put_delivery(delivery("first", due=NOON - 2))
            tx.put_delivery(delivery("sent", state=DeliveryState.SENT))
        with store.transaction() as tx:
            claimed = list(tx.claim_deliveries("me", NOON, NOON + 60, 1))
            assert [(each.key, each.holder, each.lease) for each in claimed] == [("first", "me", NOON + 60)]
        with store.transaction() as tx:
            assert tx.delivery("first") == claimed[0]
            assert [each.key for each in tx.claim_deliveries("you", NOON, NOON + 60, 9)] == ["second"]
            assert list(tx.claim_deliveries("you", NOON + 59, NOON + 99, 9)) == []
        with store.transaction() as tx:
            again = tx.claim_deliveries("you", NOON + 60, NOON + 120, 9)
            assert {each.key for each in again} == {"first", "second"}

    def test_deliveries_of_one_channel_are_claimed_apart(self, store: Store) -> None:
        """A channel that is slow holds up no other: each claims its own."""
        with store.transaction() as tx:
            for key, channel in (("1", "mail"), ("2", "chat"), ("3", "mail")):
                tx.put_delivery(delivery(key, channel=channel))
        with store.transaction() as tx:
            assert [each.key for each in tx.claim_deliveries("me", NOON, NOON + 60, 1, "mail")] == ["1"]
            assert [each.key for each in tx.claim_deliveries("me", NOON, NOON + 60, 9, "chat")] == ["2"]
            assert [each.key for each in tx.claim_deliveries("me", NOON, NOON + 60, 9, "mail")] == ["3"]
            assert list(tx.claim_deliveries("me", NOON, NOON + 60, 9, "pager")) == []

    # habits

    def test_the_days_of_an_actor_come_in_order_within_bounds(self, store: Store) -> None:
        many = Some.of(f"203.0.113.{number}" for number in range(MAX_VALUES + 1))
        full = actor_day(HOSTILE, 3, hours=(1 << 24) - 1, addresses=many, regions=Some.of([HOSTILE]), programs=many)
        with store.transaction() as tx:
            tx.put_habits([actor_day(HOSTILE, 5), full, actor_day(HOSTILE, 1), actor_day("bob", 2)])
            tx.put_habits([actor_day(HOSTILE, 1, hours=7)])
            tx.put_habits([])
        with store.transaction() as tx:
            assert list(tx.habits(HOSTILE, DAY, 5 * DAY)) == [actor_day(HOSTILE, 1, hours=7), full]
            assert [day.start for day in tx.habits(HOSTILE, 0, FAR)] == [DAY, 3 * DAY, 5 * DAY]
            assert list(tx.habits("unheard-of", 0, FAR)) == []
            assert tx.habits_since() == DAY

    def test_a_day_of_several_actors(self, store: Store) -> None:
        names = [f"{number:04}" for number in range(300)]
        with store.transaction() as tx:
            tx.put_habits(actor_day(name, 1) for name in names)
            tx.put_habits(actor_day(name, 2, hours=5) for name in names)
        with store.transaction() as tx:
            assert list(tx.habits_on(2 * DAY, [*reversed(names), "x"])) == [actor_day(n, 2, hours=5) for n in names]
            assert list(tx.habits_on(DAY, ["0007", "0003", "0007"])) == [actor_day("0003", 1), actor_day("0007", 1)]
            assert list(tx.habits_on(3 * DAY, names)) == []
            assert list(tx.habits_on(DAY, [])) == []

    def test_a_crowd_that_comes_once_drives_nobody_out_who_came_before(self, store: Store) -> None:
        with store.transaction() as tx:
            tx.put_habits(actor_day("alice", day) for day in range(4))
            tx.put_habits(actor_day(f"{number}", 3 + number // 5) for number in range(10))
            assert tx.trim_habits(14) == 0
        with store.transaction() as tx:
            assert tx.trim_habits(6) == 8
            assert len(tx.habits("alice", 0, FAR)) == 4
            assert [len(tx.habits(f"{number}", 0, FAR)) for number in range(10)] == [0] * 8 + [1, 1]
            assert tx.trim_habits(3) == 3
            assert [day.start for day in tx.habits("alice", 0, FAR)] == [DAY, 2 * DAY, 3 * DAY]

    # silences, leases, notes

    def test_silences_in_force(self, store: Store) -> None:
        rows = [
            Silence("b", {"detection": "root-*", "actor": HOSTILE}, "ops", HOSTILE, NOON, NOON + 60),
            Silence("a", {"account": "1"}, "ops", "planned", NOON, NOON + 90),
        ]
        with store.transaction() as tx:
            for row in rows:
                tx.put_silence(row)
        with store.transaction() as tx:
            assert list(tx.silences(NOON + 59)) == [rows[1], rows[0]]
            assert list(tx.silences(NOON + 60)) == [rows[1]]
            tx.put_silence(replace(rows[1], until=NOON))
            assert list(tx.silences(NOON + 60)) == []

    def test_a_lease_has_one_holder(self, store: Store) -> None:
        with store.transaction() as tx:
            assert tx.lease("alarms", "me", NOON, NOON + 60)
            assert not tx.lease("alarms", "you", NOON + 59, NOON + 99)
            assert tx.lease("other", "you", NOON, NOON + 60)
            assert tx.lease("alarms", "me", NOON + 30, NOON + 90)
        with store.transaction() as tx:
            assert not tx.lease("alarms", "you", NOON + 89, NOON + 99)
            tx.release("alarms", "you")
            assert not tx.lease("alarms", "you", NOON + 89, NOON + 99)
            assert tx.lease("alarms", "you", NOON + 90, NOON + 100)
            tx.release("alarms", "you")
            assert tx.lease("alarms", "me", NOON + 91, NOON + 99)

    def test_a_note_is_kept_by_name(self, store: Store) -> None:
        with store.transaction() as tx:
            assert tx.note("n") is None
            tx.put_note("n", "1")
            tx.put_note("n", HOSTILE)
        with store.transaction() as tx:
            assert tx.note("n") == HOSTILE

    # housekeeping

    def test_pruning_takes_what_is_older_and_spares_what_stands_or_waits(self, store: Store) -> None:
        old, limit = NOON - 100, NOON
        with store.transaction() as tx:
            tx.put_object(one("old", old))
            tx.put_object(one("in the middle", old, done=False))
            tx.put_object(one("new", NOON))
            tx.add_matches([match("old", minute=-2), match("new", minute=1)])
            tx.put_minutes("root-login", GROUP, [minute(-2), minute(0)])
            tx.put_alert(alert("old", changed=old, closed=old))
            tx.put_alert(alert("standing", changed=old))
            tx.put_alert(alert("withdrawn", changed=old, withdrawn="joined"))
            tx.put_alert(alert("new", changed=NOON, closed=old))
            tx.put_decision(Decision("old", old, Reason.FIRST))
            tx.put_decision(Decision("old", NOON, Reason.RESOLVED))
            tx.put_delivery(delivery("waiting", created=old))
            tx.put_delivery(delivery("sent", created=old, state=DeliveryState.SENT, settled=old))
            tx.put_delivery(delivery("new", created=old, state=DeliveryState.SENT, settled=NOON))
            tx.put_silence(Silence("old", {}, "o", "r", old, old))
            tx.put_silence(Silence("new", {}, "o", "r", old, NOON + 60))
            tx.put_habits([actor_day(day=limit // DAY), actor_day(day=limit // DAY + 1)])
        gone = store.prune(dict.fromkeys(TABLES, limit))
        assert dict(gone) == {
            "objects": 1, "matches": 1, "minutes": 1, "alerts": 2, "decisions": 1, "deliveries": 1, "silences": 1,
            "habits": 1,
        }  # fmt: skip
        with store.transaction() as tx:
            assert {row.name for row in tx.objects()} == {"in the middle", "new"}
            assert [row.key for row in tx.add_matches([match("old"), match("new")])] == ["old"]
            assert [row.start for row in tx.minutes("root-login", GROUP, 0, FAR)] == [NOON]
            assert {each.id for each in tx.alerts(AlertFilter())} == {"standing", "new"}
            assert [each.reason for each in tx.decisions("old")] == [Reason.RESOLVED]
            assert {each.key for each in tx.deliveries()} == {"waiting", "new"}
            assert [each.id for each in tx.silences(0)] == ["new"]
            assert tx.habits_since() == (limit // DAY + 1) * DAY
        assert dict(store.prune({"minutes": limit})) == {"minutes": 0}

    def test_pruning_an_unheard_of_table_is_an_error(self, store: Store) -> None:
        with pytest.raises(VedetteError):
            store.prune({"passwords": NOON})

    def test_the_status_counts_rows_by_table(self, store: Store) -> None:
        with store.transaction() as tx:
            tx.put_alert(alert())
            tx.add_matches([match("a"), match("b")])
        rows = store.status()["rows"]
        assert isinstance(rows, dict)
        assert rows.keys() >= TABLES.keys()
        assert (rows["alerts"], rows["matches"], rows["minutes"]) == (1, 2, 0)
