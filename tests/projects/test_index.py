"""Lists of projects come by their index, however many there are."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import event

from stitchsketch_kernel.projects.records import Project

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
LISTS = {
    "all": lambda store: store.projects("Nadel"),
    "first": lambda store: store.page("Nadel", 10),
    "next": lambda store: store.page("Nadel", 10, store.page("Nadel", 10).after),
}


@pytest.mark.parametrize("store", ["embedded", "services"], indirect=True)
@pytest.mark.parametrize("which", LISTS)
def test_projects_are_listed_by_one_query_in_the_order_of_their_index(store, which):
    with store._session() as session:
        for at in range(600):
            shop = ("Nadel", "Zwirn")[at % 2]
            made = Project(shop, f"chair {at}", created=BEGAN + timedelta(minutes=at))
            store._keep(session, made, ("id",), change=False)
    asked = []

    def listen(_connection, _cursor, statement, parameters, *_more):
        asked.append((statement, parameters))

    with store._engine.begin() as connection:
        connection.exec_driver_sql("ANALYZE")
    event.listen(store._engine, "before_cursor_execute", listen)
    LISTS[which](store)
    event.remove(store._engine, "before_cursor_execute", listen)
    assert len(asked) == (2 if which == "next" else 1)
    postgres = store._engine.dialect.name == "postgresql"
    explain = "EXPLAIN" if postgres else "EXPLAIN QUERY PLAN"
    with store._engine.begin() as connection:
        if postgres:  # of so few rows it would rather read all: ask what it can, not what it likes
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
            connection.exec_driver_sql("SET LOCAL enable_sort = off")
        plan = str(connection.exec_driver_sql(f"{explain} {asked[-1][0]}", asked[-1][1]).all())
    assert "projects_of_a_shop" in plan, plan
    assert "Sort" not in plan and "TEMP B-TREE" not in plan, plan
