"""The tables as they were before there were versions; a database of that time is taken over."""

from datetime import datetime

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make what is missing; join doubles of stages from before they were unique."""
    made = dict.fromkeys(sa.inspect(op.get_bind()).get_table_names())
    for name, columns, indexed in _TABLES:
        if name not in made:
            op.create_table(name, *columns)
            for column in indexed:
                op.create_index(f"ix_{name}_{column}", name, [column])
    stages = sa.inspect(op.get_bind()).get_indexes("stage_run")
    if not any(index["name"] == "one_row_a_stage" for index in stages):
        # the last word on a stage counts
        op.execute(
            "DELETE FROM stage_run WHERE number NOT IN "
            "(SELECT max(number) FROM stage_run GROUP BY run_id, stage)"
        )
        op.create_index("one_row_a_stage", "stage_run", ["run_id", "stage"], unique=True)


def _text(name: str, length: int) -> sa.Column[str]:
    return sa.Column(name, sa.String(length), nullable=False)


def _moment(name: str, nullable: bool = False) -> sa.Column[datetime]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _id() -> sa.Column[str]:
    return sa.Column("id", sa.String(32), primary_key=True)


def _number() -> sa.Column[int]:
    return sa.Column("number", sa.Integer, primary_key=True, autoincrement=True)


def _of(name: str, table: str) -> sa.Column[str]:
    return sa.Column(name, sa.String(32), sa.ForeignKey(f"{table}.id"), nullable=False)


_TABLES = (
    (
        "project",
        (
            _id(), _text("shop", 200), _text("name", 400), _text("owner", 200),
            _text("customer", 400), _text("furniture_type", 100), _text("units", 10),
            _text("status", 10), _moment("created"),
        ),
        ("shop",),
    ),
    (
        "scan",
        (_id(), _of("project_id", "project"), _text("name", 400), _moment("created")),
        ("project_id",),
    ),
    (
        "run",
        (
            _id(), _of("scan_id", "scan"), _text("folder", 4000), _text("status", 10),
            _text("error", 4000), _moment("started"), _moment("finished", nullable=True),
        ),
        ("scan_id",),
    ),
    (
        "stage_run",
        (
            _number(), _of("run_id", "run"), _text("stage", 40), _text("status", 10),
            sa.Column("seconds", sa.Double, nullable=False), _text("inputs_hash", 64),
            sa.Column("figures", sa.JSON, nullable=False), _text("notebook", 4000),
        ),
        ("run_id",),
    ),
    (
        "artefact",
        (
            _number(), _of("run_id", "run"), _text("stage", 40), _text("kind", 40),
            _text("sha256", 64), sa.Column("bytes", sa.BigInteger, nullable=False),
            _text("where", 4000),
        ),
        ("run_id",),
    ),
)  # fmt: skip
