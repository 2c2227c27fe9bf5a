"""Bodies and answers as OpenAPI tells them: made of the kernel's records, field by field.

A record that grows a field is taken and given with it, without a second list of fields to forget.
"""

from __future__ import annotations

import json
import unicodedata
from dataclasses import MISSING, Field, fields
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, Generic, Literal, TypeVar, get_type_hints

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, create_model
from pydantic import Field as Limits

from stitchsketch_kernel.domain.marker import Fabric
from stitchsketch_kernel.projects.records import (
    Artefact,
    Photo,
    Project,
    Quote,
    Run,
    Scan,
    StageRun,
    Status,
)
from stitchsketch_kernel.storage.interface import BUCKETS
from stitchsketch_kernel.users.records import Preferences, Role, ShopFabric, User

Item = TypeVar("Item")

_MOST_FIGURES_BYTES, _MOST_DEPTH = 200_000, 20
EXAMPLE_ID = "3f2b8c0e9d4a4b7f8e1c2d3a4b5c6d7e"
EXAMPLE_SHA256 = "0f" * 32


def _plain(text: str) -> str:
    """No control signs but the end of a line: not every database takes them, nor any page."""
    if any(unicodedata.category(sign) in {"Cc", "Cs"} and sign not in "\n\t" for sign in text):
        raise ValueError("there are control signs in it")
    return text


def _figures(value: dict[str, Any]) -> dict[str, Any]:
    """What strict JSON can hold, and a database's row, and a reader's stack."""
    if _depth(value) > _MOST_DEPTH:
        raise ValueError("it is nested too deeply")
    try:
        text = json.dumps(value, allow_nan=False, ensure_ascii=False)
        text.encode()
    except (ValueError, UnicodeEncodeError) as error:
        raise ValueError("it is not strict JSON") from error
    if len(text) > _MOST_FIGURES_BYTES:
        raise ValueError("it is larger than 200 kB")
    # a NUL stands in JSON's text as an escape, and PostgreSQL takes none
    if "\\u0000" in text:
        raise ValueError("there are control signs in it")
    return value


def _depth(value: Any) -> int:
    """How many lists and mappings lie in each other, without falling into them."""
    depth, layer = 0, [value]
    while layer and depth <= _MOST_DEPTH:
        inner = [one.values() if isinstance(one, dict) else one for one in layer]
        layer = [deep for one in inner for deep in one if isinstance(deep, (dict, list))]
        depth += 1
    return depth


def _sane(moment: datetime) -> datetime:
    """A time that every database can hold."""
    try:
        utc = moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("the time is out of range") from error
    if not 1970 <= utc.year <= 9000:
        raise ValueError("the time is out of range")
    return utc


def _text(most: int, least: int = 0) -> Any:
    limits = Limits(min_length=least, max_length=most)
    return Annotated[str, limits, AfterValidator(_plain)]


Moment = Annotated[AwareDatetime, AfterValidator(_sane)]
Identifier = Annotated[str, Limits(pattern=r"^[0-9a-f]{32}$", examples=[EXAMPLE_ID])]
Sha256 = Annotated[str, Limits(pattern=r"^[0-9a-f]{64}$", examples=[EXAMPLE_SHA256])]
#: Nothing where there is no such file.
MaybeSha256 = Annotated[str, Limits(pattern=r"^([0-9a-f]{64})?$", examples=[EXAMPLE_SHA256])]
#: Of a setting, its group before it.
SettingName = Annotated[
    str, Limits(pattern=r"^[a-z][a-z0-9_]{0,39}\.[a-z][a-z0-9_]{0,59}$", examples=["nest.seconds"])
]
#: People by subject.
KeptTo = Annotated[
    tuple[Annotated[str, Limits(min_length=1, max_length=255), AfterValidator(_plain)], ...],
    Limits(max_length=200),
]
Word = Annotated[str, Limits(pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._-]{0,39}$", examples=["mesh"])]
#: By the name of a record's field; texts without a line here have at most 400 signs.
_KINDS: dict[str, Any] = {
    "id": Identifier,
    "project_id": Identifier,
    "scan_id": Identifier,
    "run_id": Identifier,
    "sha256": Sha256,
    "name": _text(400),
    "shop": _text(200, 1),
    "owner": _text(200),
    "furniture_type": _text(100),
    "kept_to": KeptTo,
    "subject": _text(255, 1),
    "stage": Word,
    "kind": Word,
    "folder": _text(4000),
    "where": _text(4000),
    "notebook": _text(4000),
    "error": _text(4000),
    "inputs_hash": _text(64),
    "bytes": Annotated[int, Limits(ge=0, le=2**53)],
    "seconds": Annotated[float, Limits(ge=0, le=1e9, allow_inf_nan=False)],
    "allowances_mm": Annotated[dict[str, float], Limits(max_length=100), AfterValidator(_figures)],
    "bucket": Annotated[str, Limits(pattern=f"^({'|'.join(BUCKETS)})?$", examples=["models"])],
    "host": _text(200),
    "supplier": _text(200),
    "code": _text(200),
    "composition": _text(400),
    "swatch_sha256": MaybeSha256,
    "currency": Annotated[str, Limits(pattern="^[A-Z]{3}$", examples=["EUR"])],
    "total_minor": Annotated[int, Limits(ge=0, le=2**53)],
    "document": Annotated[dict[str, Any], AfterValidator(_figures)],
    "figures": Annotated[dict[str, Any], AfterValidator(_figures)],
    "settings": Annotated[dict[str, Any], AfterValidator(_figures)],
}
_OF_TYPES: dict[Any, Any] = {
    str: _text(400), datetime: Moment, datetime | None: Moment | None,
}  # fmt: skip


def model_of(
    record: type,
    name: str,
    without: frozenset[str] = frozenset(),
    *,
    whole: bool = False,
    **special: Any,
) -> type[BaseModel]:
    """A model with the fields of a record, each within its limits.

    What has a default may lack, unless the `whole` record is wanted: when one that is kept is
    replaced, what is left out would be lost.
    """
    hints = get_type_hints(record)
    members = {
        field.name: (
            special.get(field.name) or _kind(field.name, hints[field.name]),
            ... if whole else _default(field),
        )
        for field in fields(record)
        if field.name not in without
    }
    config = ConfigDict(extra="forbid", allow_inf_nan=False)
    return create_model(name, __config__=config, **members)  # type: ignore[call-overload,no-any-return]


def _kind(name: str, hint: Any) -> Any:
    return _KINDS.get(name) or _OF_TYPES.get(hint, hint)


def _default(field: Field[Any]) -> Any:
    if field.default_factory is not MISSING:
        return Limits(default_factory=field.default_factory)
    return ... if field.default is MISSING else field.default


if TYPE_CHECKING:
    from typing import TypeAlias

    NewPreferences: TypeAlias = BaseModel
    NewUser: TypeAlias = BaseModel
    NewProject: TypeAlias = BaseModel
    ChangedProject: TypeAlias = BaseModel
    NewScan: TypeAlias = BaseModel
    NewPhoto: TypeAlias = BaseModel
    NewQuote: TypeAlias = BaseModel
    NewFabric: TypeAlias = BaseModel
    NewRun: TypeAlias = BaseModel
    NewStage: TypeAlias = BaseModel
    NewArtefact: TypeAlias = BaseModel
    NewRender: TypeAlias = BaseModel
else:
    NewPreferences = model_of(Preferences, "NewPreferences", whole=True)
    _KINDS["preferences"] = NewPreferences
    NewUser = model_of(User, "NewPerson", frozenset({"subject"}))
    NewProject = model_of(Project, "NewProject", frozenset({"shop", "deleted"}))
    ChangedProject = model_of(
        Project,
        "ChangedProject",
        frozenset({"shop", "id", "created", "deleted", "kept_to"}),
        whole=True,
    )
    NewScan = model_of(Scan, "NewScan", frozenset({"project_id"}))
    NewPhoto = model_of(Photo, "NewPhoto", frozenset({"scan_id"}))
    NewRun = model_of(
        Run, "NewRun",
        frozenset({
            "started_by", "heartbeat", "stage", "cell", "cells", "share", "note", "from_stage",
            "queued", "worker", "attempts",
        }),
    )  # fmt: skip
    NewQuote = model_of(Quote, "NewQuote", frozenset({"run_id"}), sha256=MaybeSha256)
    _cloth = {
        field.name: Annotated[float, Limits(ge=0, le=1e6)]
        for field in fields(Fabric)
        if field.name.endswith("_mm") or field.name == "price_per_metre"
    }
    NewFabric = model_of(
        ShopFabric, "NewFabric", frozenset({"shop", "id"}), whole=True,
        fabric=model_of(Fabric, "Cloth", whole=True, **_cloth),
    )  # fmt: skip
    NewStage = model_of(StageRun, "NewStage", frozenset({"run_id", "stage"}))
    NewArtefact = model_of(Artefact, "NewArtefact", frozenset({"run_id"}))
    # whoever shows a cover changes no stage's file
    NewRender = model_of(
        Artefact, "NewRender", frozenset({"run_id", "bucket"}), stage=Literal["cover", "splat"]
    )


class Sharing(BaseModel):
    """Who of the shop sees a project beside its owner, by subject; nobody: the whole shop does."""

    model_config = ConfigDict(extra="forbid")
    kept_to: KeptTo


class Colleague(BaseModel):
    """Somebody of the shop."""

    subject: str
    name: str


class Ended(BaseModel):
    """How a run ended."""

    model_config = ConfigDict(extra="forbid")
    status: Status
    error: Annotated[str, Limits(max_length=4000), AfterValidator(_plain)] = ""


class Queued(BaseModel):
    """A run that a worker shall run."""

    model_config = ConfigDict(extra="forbid")
    scan_id: Identifier
    settings: Annotated[
        dict[SettingName, Any], Limits(max_length=500), AfterValidator(_figures)
    ] = Limits(default_factory=dict)
    from_stage: Annotated[str, Limits(pattern=r"^([a-z][a-z_]{0,39})?$", examples=["panels"])] = ""


class Cancelled(BaseModel):
    """Why a run shall end."""

    model_config = ConfigDict(extra="forbid")
    why: Annotated[str, Limits(max_length=4000), AfterValidator(_plain)] = ""


class NewBeat(BaseModel):
    """A sign of life of a run."""

    model_config = ConfigDict(extra="forbid")
    stage: _text(40) = ""  # type: ignore[valid-type]
    cell: Annotated[int, Limits(ge=0, le=100_000)] = 0
    cells: Annotated[int, Limits(ge=0, le=100_000)] = 0
    share: Annotated[float, Limits(ge=0, le=1, allow_inf_nan=False)] = 0.0
    note: _text(400) = ""  # type: ignore[valid-type]
    worker: _text(200) = ""  # type: ignore[valid-type]


class Heard(BaseModel):
    """What the store knows of a run that told of itself; ``cancelled`` asks it to stop."""

    status: Status


class HistoryLine(BaseModel):
    """A stage that was run, and of what."""

    project: Project
    scan: Scan
    run: Run
    stage: StageRun


class Page(BaseModel, Generic[Item]):
    """A part of a list; `next` is the cursor of the following part, null at the end."""

    items: list[Item]
    next: str | None = None


class Me(BaseModel):
    """Who the token's owner is, and what the token is limited to."""

    subject: str
    shop: str
    name: str
    role: Role
    preferences: Preferences
    scopes: list[str] | None


def values_of(model: BaseModel) -> dict[str, Any]:
    """The model's members, as a record takes them."""
    return {name: getattr(model, name) for name in type(model).model_fields}
