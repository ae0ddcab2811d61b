"""Whether a question can concern calls that only read, which most EventBridge rules never see.

A rule in the state ENABLED is sent no read-only management events; one in the state
ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS is. Where the question does not say, it is taken to concern them: more
events cost nothing, and a missed one is a missed alert.

Source: EventBridge user guide, "Receiving read-only management events from AWS services".
"""

from __future__ import annotations

import re
from typing import Final

from vedette.predicates.partial import FALSE, partially_evaluate
from vedette.predicates.tree import And, Compare, Or, Predicate, Selector, TextGlob

_EVENT_NAME = Selector(("eventName",))
_READ_ONLY = Selector(("readOnly",))
_FIRST_WORD = re.compile(r"[A-Z][a-z]+(?=[A-Z0-9*]|$)")

_WRITING: Final = frozenset(
    re.findall(
        r"\w+",
        """
        Accept Add Allocate Associate Attach Authorize Cancel Change Close Create Deactivate Decline Delete
        Deregister Detach Disable Disassociate Enable Import Invite Leave Modify Move Put Reboot Register
        Reject Release Remove Replace Reset Restore Revoke Run Schedule Set Stop Tag Terminate Untag Update
        Upload
        """,
    )
)
"""First words of the names of calls that change something."""
_SIGN_IN: Final = frozenset({"ConsoleLogin", "CheckMfa", "PasswordUpdated", "PasswordRecoveryRequested"})
"""Sign-in events are recorded as `readOnly: false`. Source: "AWS Management Console sign-in events"."""


def needs_read_only(question: Predicate) -> bool:
    """Whether a record of a call that only reads may answer the question; True where that cannot be told."""
    if partially_evaluate(question, frozenset({_READ_ONLY}), {"readOnly": True}) == FALSE:
        return False
    names = called_names(question)
    return names is None or not all(map(_writes, names))


def called_names(predicate: Predicate) -> frozenset[str] | None:
    """Globs, one of which the event's name fits in each record that answers; None where any name will do."""
    match predicate:
        case And(parts):
            known = [names for part in parts if (names := called_names(part)) is not None]
            return min(known, key=len) if known else None
        case Or(parts):
            each = [called_names(part) for part in parts]
            known = [names for names in each if names is not None]
            return frozenset().union(*known) if len(known) == len(each) else None
        case Compare(selector, TextGlob(pattern), negated=False) if selector == _EVENT_NAME:
            return frozenset({pattern})
        case _:
            return None


def _writes(name: str) -> bool:
    word = _FIRST_WORD.match(name)
    return name in _SIGN_IN or (word is not None and word[0] in _WRITING)
