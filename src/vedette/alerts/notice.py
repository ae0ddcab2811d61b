"""A notice: everything that a message about one or several alerts is made of. Values only; `render` puts it in words.

Texts in it come from records, and so from attackers: only `render` may show them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from vedette.alerts.delivery import Reason
from vedette.alerts.record import AlertRecord
from vedette.alerts.usual import Usual
from vedette.detections.definition import Detection


@dataclass(frozen=True, slots=True)
class Links:
    """Where a reader goes from a message. Each is optional: an empty one leaves its link out.

    `page` is the address of an alert's own page, with `{alert}` where its id goes. `portal` is the address of the AWS
    access portal (`https://d-1234567890.awsapps.com/start`) and `role` the permission set to enter with: with both, a
    link opens the console in the alert's account, whichever account the reader is signed in to.
    """

    page: str = ""
    portal: str = ""
    role: str = ""


@dataclass(frozen=True, slots=True)
class Notice:
    """One message to one channel: why it is sent, about which alerts (of one incident, the most severe first), when.

    `key` is the delivery's. `detections` by id; one that is gone leaves what the record itself keeps. `usual` says,
    by alert id, whether it is usual for the actor; `news` what is new of one told before (actors, addresses, or
    why it is told again); `countries` says where an address is (a country, a service of AWS,
    a network of a special kind); `closing` gives, by alert id, CloudWatch's reason for the return to OK. `zone` is
    the reader's (IANA), `now` epoch seconds. `held` is how many messages a summary stands for, `others` how many
    other alerts of the incident stand where it says that something is over. `topic` is the ARN to which CloudWatch's
    form is published, `configured` since when the alarm of a detection is as it is (by id, epoch seconds). `alarm` is
    the ARN of the alarm in CloudWatch that is told of, empty for an alarm that only Vedette keeps; `kept` is whether a
    store keeps the alerts, so that they can be acknowledged and silenced.
    """

    key: str
    reason: Reason
    alerts: tuple[AlertRecord, ...]
    detections: Mapping[str, Detection]
    channel: str
    now: int
    account_names: Mapping[str, str] = field(default_factory=dict)
    zone: str = "UTC"
    usual: Mapping[str, Usual] = field(default_factory=dict)
    news: Mapping[str, str] = field(default_factory=dict)
    countries: Mapping[str, str] = field(default_factory=dict)
    closing: Mapping[str, str] = field(default_factory=dict)
    links: Links = field(default_factory=Links)
    held: int = 0
    others: int = 0
    topic: str = ""
    configured: Mapping[str, int] = field(default_factory=dict)
    alarm: str = ""
    kept: bool = True

    def only(self, alert: AlertRecord) -> Notice:
        """The same about one of its alerts, for channels that tell of one at a time (CloudWatch's form)."""
        return replace(self, alerts=(alert,))

    def narrowed(self) -> tuple[Notice, ...]:
        """A notice for each alert, in order."""
        return tuple(map(self.only, self.alerts))

    @property
    def incident(self) -> str:
        """What its alerts have in common; the key, where there is no alert."""
        return self.alerts[0].incident if self.alerts else self.key
