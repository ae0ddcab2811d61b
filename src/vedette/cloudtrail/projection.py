"""Which parts of a record are decoded: a typed schema made from the paths that somebody wants to read.

Decoding a whole log file into typed structs, unknown fields skipped, is many times faster than decoding all of it.
Containers whose inner shape clients control stay undecoded (`msgspec.Raw`). A record that does not fit the schema is
decoded in full by its caller and brought into the same form with `fit`, so that whatever reads structs need not know.

Nothing here judges a record. Absent fields are `UNSET`, nulls are None: the two stay apart.
"""

from __future__ import annotations

import functools
import keyword
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias, TypeVar, cast

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

Path: TypeAlias = tuple[str, ...]
Scalar: TypeAlias = str | int | float | bool | UnsetType | None
"""A field that ought to hold one value. In a record brought in by `fit` it may be a list or a dictionary after all."""

NO_RAW = cast(Raw, UNSET)

_LEAF: Mapping[str, object] = {}


def _leaves(names: str) -> dict[str, Mapping[str, object]]:
    return dict.fromkeys(names.split(), _LEAF)


_SHAPE: Mapping[str, object] = {
    **_leaves("eventVersion"),
    "userIdentity": {
        **_leaves("type principalId arn accountId accessKeyId userName"),
        **_leaves("invokedBy identityProvider credentialId"),
    },
    **_leaves("eventTime eventSource eventName awsRegion sourceIPAddress userAgent errorCode errorMessage"),
    **dict.fromkeys(("requestParameters", "responseElements", "additionalEventData")),
    **_leaves("requestID eventID readOnly"),
    "resources": None,
    **_leaves("eventType apiVersion managementEvent recipientAccountId sharedEventID vpcEndpointId"),
    **_leaves("vpcEndpointAccountId eventCategory"),
    **_leaves("sessionCredentialFromConsole"),
}
"""What AWS documents as single values, and the objects that hold them. All else stays undecoded, so that it fits
whatever it is. In the order in which CloudTrail writes them, which is the order that decodes quickest.
Source: "CloudTrail record contents", "CloudTrail userIdentity element"."""


class UserIdentity(Struct, frozen=True, gc=False, rename="camel"):
    """`userIdentity`: who called, as far as every scan reads it."""

    type: Scalar = UNSET


class Record(Struct, frozen=True, gc=False, rename="camel"):
    """What every scan reads of a record; a projection adds what its detections ask for."""

    event_id: Scalar = msgspec.field(default=UNSET, name="eventID")
    event_time: Scalar = UNSET
    event_name: Scalar = UNSET
    event_source: Scalar = UNSET
    error_code: Scalar = UNSET
    error_message: Scalar = UNSET
    aws_region: Scalar = UNSET
    source_ip_address: Scalar = msgspec.field(default=UNSET, name="sourceIPAddress")
    user_agent: Scalar = UNSET
    recipient_account_id: Scalar = UNSET
    request_parameters: Raw = NO_RAW
    resources: Raw = NO_RAW
    user_identity: UserIdentity = UserIdentity()


@dataclass(frozen=True, slots=True)
class Access:
    """How to read a path from a projected record: the attributes to follow, and the steps that are left below them.

    `raw`: the attribute is undecoded JSON (Raw, or a value if `fit` brought it in). `node`: it is a struct, which
    stands for an object; one equal in identity to `absent` stands for nothing. Otherwise it is a scalar.
    """

    attributes: tuple[str, ...]
    rest: Path = ()
    raw: bool = False
    node: bool = False
    absent: object = UNSET


_S = TypeVar("_S", bound=Struct)
_Tree: TypeAlias = dict[str, "_Tree"]

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9]*")
_UNWRITABLE = re.compile(r'["\\\x00-\x1f\ud800-\udfff]')


class _LogFile(Struct, gc=False):
    records: list[Raw] = msgspec.field(name="Records", default_factory=list)


class Projection:
    """The schema for some paths, and its decoders.

    A path is followed through the objects that AWS alone shapes; where it leaves them, the value stays undecoded, so
    that anything at all may be read below.
    """

    def __init__(self, paths: Iterable[Path]) -> None:
        tree: _Tree = {}
        for path in paths:
            _grow(tree, path)
        self.record_type: type[Record] = _derive(Record, tree, _SHAPE)
        shell = msgspec.defstruct(
            "LogFile",
            [("records", list[self.record_type], msgspec.field(name="Records", default_factory=list))],  # type: ignore[name-defined]
            gc=False,
        )
        self._log_file = msgspec.json.Decoder(shell)
        self._array = msgspec.json.Decoder(list[self.record_type])  # type: ignore[name-defined]
        self._record = msgspec.json.Decoder(self.record_type)
        self._accesses: dict[Path, Access] = {}
        self._odd: dict[type[Struct], type[Struct]] = {}

    def log_file(self, data: bytes) -> list[Record]:
        """All records of a `{"Records": […]}` document; raises what msgspec raises if one does not fit."""
        return cast("list[Record]", self._log_file.decode(data).records)  # type: ignore[attr-defined]

    def array(self, data: bytes) -> list[Record]:
        """All records of a JSON array; raises as `log_file`."""
        return self._array.decode(data)

    def lines(self, data: bytes) -> list[Record]:
        """All records of a text that holds one a line; raises as `log_file`, for an empty line too."""
        return list(map(self._record.decode, data.removesuffix(b"\n").split(b"\n")))

    def record(self, data: bytes) -> Record:
        """One record; raises as `log_file`."""
        return self._record.decode(data)

    def fit(self, document: Mapping[str, object]) -> Record:
        """Any JSON object as a record: odd values stand where scalars are expected, and stay what they are."""
        return self._fit(self.record_type, document)

    def _fit(self, kind: type[_S], document: Mapping[str, object]) -> _S:
        values: dict[str, object] = {}
        for attribute, name, nested in _fields(kind):
            if name in document:
                value = document[name]
                values[attribute] = value if nested is None else self._nest(nested, value)
        return kind(**values)

    def _nest(self, kind: type[Struct], value: object) -> Struct:
        if isinstance(value, dict):
            return self._fit(kind, value)
        if kind not in self._odd:
            self._odd[kind] = msgspec.defstruct(
                "Odd", [("odd_value", object, None)], bases=(kind,), frozen=True, gc=False
            )
        return self._odd[kind](odd_value=value)

    def access(self, path: Path) -> Access:
        """How to read `path`, one of those that the projection was made for. Raises KeyError for another."""
        found = self._accesses.get(path)
        if found is None:
            found = self._accesses[path] = self._access(path)
        return found

    def _access(self, path: Path) -> Access:
        kind: type[Struct] = self.record_type
        attributes: list[str] = []
        absent: object = UNSET
        for index, name in enumerate(path):
            found = {entry_name: (attribute, nested) for attribute, entry_name, nested in _fields(kind)}
            attribute, nested = found[name]
            attributes.append(attribute)
            if nested is None:
                raw = _field(kind, attribute).type is Raw
                return Access(tuple(attributes), path[index + 1 :], raw=raw)
            absent = _field(kind, attribute).default
            kind = nested
        return Access(tuple(attributes), node=True, absent=absent)


def raw_records(data: bytes) -> list[Raw]:
    """The undecoded elements of a `{"Records": […]}` document; raises what msgspec raises if it is not one."""
    return _RAW_LOG_FILE.decode(data).records


def raw_array(data: bytes) -> list[Raw]:
    """The undecoded elements of a JSON array; raises what msgspec raises if it is not one."""
    return _RAW_ARRAY.decode(data)


_RAW_LOG_FILE = msgspec.json.Decoder(_LogFile)
_RAW_ARRAY = msgspec.json.Decoder(list[Raw])


def node_value(node: object) -> object:
    """What a struct stands for: itself, or the value that stood in the place of an object."""
    return getattr(node, "odd_value", node)


def put(document: dict[str, object], path: Path, value: object) -> None:
    """Set `value` at `path` in a document that is being built, with the objects that lead there."""
    for name in path[:-1]:
        document = cast("dict[str, object]", document.setdefault(name, {}))
    document[path[-1]] = value


def writable(path: Path) -> bool:
    """Whether a schema can hold the path's names, as far as it would have to."""
    shape = _SHAPE
    for name in path:
        if _UNWRITABLE.search(name):
            return False
        if not (shape := _inner(shape, name)):
            return True
    return True


def is_object(path: Path) -> bool:
    """Whether AWS documents an object of its own shape there, which is decoded field by field."""
    shape: Mapping[str, object] = _SHAPE
    for name in path:
        shape = _inner(shape, name)
    return bool(shape)


def _inner(shape: Mapping[str, object], name: str) -> Mapping[str, object]:
    return cast("Mapping[str, object]", shape.get(name) or _LEAF)


def _grow(tree: _Tree, path: Path) -> None:
    """Add the part of the path that lies within the known shape, and one step."""
    shape = _SHAPE
    for name in path:
        tree = tree.setdefault(name, {})
        if not (shape := _inner(shape, name)):
            return


def _derive(base: type[_S], tree: _Tree, shape: Mapping[str, object]) -> type[_S]:
    """A struct with the fields of `base` and one for each branch of `tree`, nested ones likewise, in the shape's order.

    It stands for `base` and does not inherit from it: inherited fields would come first.
    """
    fields: dict[str, tuple[str, object, object]] = {}
    known = {name: (attribute, nested) for attribute, name, nested in _fields(base)}
    for number, name in enumerate({**dict.fromkeys(known), **tree}):
        attribute, nested = known.get(name, (_attribute(name, number), None))
        inner = cast("Mapping[str, object] | None", shape.get(name))
        kind: object = Raw if inner is None else Scalar
        default: object = UNSET
        if inner:
            kind = grown = _derive(nested or Struct, tree.get(name, {}), inner)
            default = grown()
        fields[name] = (attribute, kind, msgspec.field(default=default, name=name))
    order = {name: rank for rank, name in enumerate(shape)}
    found = [fields[name] for name in sorted(fields, key=lambda name: order.get(name, len(order)))]
    derived = msgspec.defstruct(base.__name__, cast("list[str]", found), frozen=True, gc=False)
    return cast("type[_S]", derived)


def _attribute(name: str, number: int) -> str:
    return name if _PLAIN.fullmatch(name) and not keyword.iskeyword(name) else f"x_{number}"


@functools.cache
def _fields(kind: type[Struct]) -> Sequence[tuple[str, str, type[Struct] | None]]:
    """(attribute, JSON name, nested struct or None) of each field."""
    entries = []
    for entry in msgspec.structs.fields(kind) if kind is not Struct else ():
        nested = entry.type if isinstance(entry.type, type) and issubclass(entry.type, Struct) else None
        entries.append((entry.name, entry.encode_name, nested))
    return entries


@functools.cache
def _field(kind: type[Struct], attribute: str) -> msgspec.structs.FieldInfo:
    return next(entry for entry in msgspec.structs.fields(kind) if entry.name == attribute)
