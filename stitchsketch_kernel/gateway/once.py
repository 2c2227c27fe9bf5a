"""Answer a repeated request as the first time: ``Idempotency-Key``.

A phone that hears no answer sends its request again. With the same key it gets the first answer
and nothing is kept twice.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

from fastapi import Header
from fastapi.encoders import jsonable_encoder
from fastapi.responses import JSONResponse
from sqlalchemy import (
    Column,
    Float,
    MetaData,
    String,
    Table,
    Text,
    create_engine,
    delete,
    insert,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from stitchsketch_kernel.gateway.guard import Access
from stitchsketch_kernel.gateway.problems import ProblemError

_METADATA = MetaData()
_ONCE = Table(
    "once",
    _METADATA,
    Column("name", String(64), primary_key=True),
    Column("asked", String(64), nullable=False),
    Column("answer", Text),
    Column("at_s", Float, nullable=False, index=True),
)
_KEPT_S = 24 * 3600.0
#: A request that was being answered when the gateway was stopped.
_GIVEN_UP_S = 120.0

Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        pattern=r"^[\x21-\x7e]{1,200}$",
        description="Any new word; the same request with the same key is done once.",
    ),
]


class Once:
    """First answers, kept for a day in a small database of the gateway's own.

    Parameters
    ----------
    path : Path
        The SQLite file; its folder is made when missing.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._engine = create_engine(f"sqlite:///{path}", connect_args={"timeout": 30})
        _METADATA.create_all(self._engine)

    def close(self) -> None:
        """Let go of the file."""
        self._engine.dispose()

    def answer(
        self, access: Access, key: str | None, asked: Any, act: Callable[[], Any]
    ) -> JSONResponse:
        """Do `act` and answer 201 with what it returns; or the first answer, when there was one.

        Parameters
        ----------
        access : Access
            A key holds for one person, shop and route.
        key : str or None
            None: `act` is done whatever was before.
        asked : value
            What was asked, as far as JSON can tell it.
        act : callable

        Raises
        ------
        ProblemError
            409: the first request is still being answered. 422: the key was another request's.
        """
        if key is None:
            return JSONResponse(jsonable_encoder(act()), 201)
        name = _hash([access.caller.user.subject, access.shop, access.row.operation, key])
        first = self._begun(name, _hash(jsonable_encoder(asked)))
        if first is not None:
            return JSONResponse(json.loads(first), 201, {"Idempotency-Replayed": "true"})
        try:
            content = jsonable_encoder(act())
        except BaseException:
            self._write(delete(_ONCE).where(_ONCE.c.name == name))
            raise
        done = update(_ONCE).where(_ONCE.c.name == name)
        self._write(done.values(answer=json.dumps(content), at_s=time.time()))
        return JSONResponse(content, 201)

    def _begun(self, name: str, asked: str) -> str | None:
        """Claim the key; the first answer where there is one."""
        now_s = time.time()
        self._write(delete(_ONCE).where(_ONCE.c.at_s < now_s - _KEPT_S))
        stuck = (_ONCE.c.name == name, _ONCE.c.answer.is_(None), _ONCE.c.at_s < now_s - _GIVEN_UP_S)
        self._write(delete(_ONCE).where(*stuck))
        try:
            self._write(insert(_ONCE).values(name=name, asked=asked, at_s=now_s))
        except IntegrityError:
            return self._first(name, asked)
        return None

    def _first(self, name: str, asked: str) -> str | None:
        query = select(_ONCE.c.asked, _ONCE.c.answer).where(_ONCE.c.name == name)
        with self._engine.connect() as connection:
            row = connection.execute(query).first()
        if row is not None and row.asked != asked:
            raise ProblemError(
                422, "This Idempotency-Key was used for another request.", "Use a new one."
            )
        if row is None or row.answer is None:
            raise ProblemError(
                409, "The same request is being answered just now.", "Ask again in a moment.",
                {"Retry-After": "1"},
            )  # fmt: skip
        return str(row.answer)

    def _write(self, statement: Any) -> None:
        with self._engine.begin() as connection:
            connection.execute(statement)


def _hash(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
