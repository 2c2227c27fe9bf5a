"""Who sees which projects: a fence round every statement of a store that asks for one person.

SQLAlchemy adds the condition wherever a statement names the table of projects, joined or alone:
no query has to remember it.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Text, event, func, or_, type_coerce
from sqlalchemy.orm import ORMExecuteState, Session, with_loader_criteria

from stitchsketch_kernel.projects.tables import ProjectRow, line_of

_PERSON = "person"


class FencedSession(Session):
    """A session that finds the projects alone that one person sees."""

    def __init__(self, *args: Any, person: str, **more: Any) -> None:
        super().__init__(*args, **more)
        self.info[_PERSON] = person


@event.listens_for(FencedSession, "do_orm_execute")
def _fence(state: ORMExecuteState) -> None:
    if state.is_select or state.is_update or state.is_delete:
        dialect = state.session.get_bind().dialect.name
        seen = _seen_by(state.session.info[_PERSON], dialect)
        state.statement = state.statement.options(with_loader_criteria(ProjectRow, seen))


def _seen_by(person: str, dialect: str) -> ColumnElement[bool]:
    kept_to = type_coerce(ProjectRow.kept_to, Text)
    # not LIKE: SQLite's takes Anna for anna
    place = func.strpos if dialect == "postgresql" else func.instr
    return or_(ProjectRow.owner == person, kept_to == "", place(kept_to, line_of(person)) > 0)
