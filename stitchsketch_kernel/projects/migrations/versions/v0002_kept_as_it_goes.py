"""Runs with a heartbeat, photos and quotes, artefacts in object storage, pages of projects."""

from datetime import datetime

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Nothing that was kept is lost; of artefacts kept twice the last word counts."""
    op.add_column("project", _moment("deleted"))
    op.create_index("projects_of_a_shop", "project", ["shop", "created", "id"])
    op.drop_index("ix_project_shop", "project")
    op.create_table(
        "photo",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("scan_id", sa.String(32), sa.ForeignKey("scan.id"), nullable=False),
        sa.Column("name", sa.String(400), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("bytes", sa.BigInteger, nullable=False),
    )
    op.create_index("one_row_a_photo", "photo", ["scan_id", "name"], unique=True)
    op.create_index("ix_photo_sha256", "photo", ["sha256"])
    for column in (
        _text("started_by", 200), _text("host", 200), _moment("heartbeat"), _text("stage", 40),
        _number("cell", sa.Integer()), _number("cells", sa.Integer()),
        _number("share", sa.Double()), _text("note", 400),
    ):  # fmt: skip
        op.add_column("run", column)
    at_work = sa.text("status = 'running'")
    op.create_index(
        "runs_at_work", "run", ["scan_id"], sqlite_where=at_work, postgresql_where=at_work
    )
    op.drop_index("ix_stage_run_run_id", "stage_run")
    op.add_column("artefact", _text("bucket", 20))
    op.execute(
        "DELETE FROM artefact WHERE number NOT IN "
        '(SELECT max(number) FROM artefact GROUP BY run_id, stage, "where")'
    )
    op.create_index("one_row_an_artefact", "artefact", ["run_id", "stage", "where"], unique=True)
    op.create_index("ix_artefact_sha256", "artefact", ["sha256"])
    op.drop_index("ix_artefact_run_id", "artefact")
    op.create_table(
        "quote",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("run_id", sa.String(32), sa.ForeignKey("run.id"), nullable=False),
        sa.Column("total_minor", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("status", sa.String(10), nullable=False),
        sa.Column("document", sa.JSON, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("bytes", sa.BigInteger, nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
    )
    for column_name in ("run_id", "sha256"):
        op.create_index(f"ix_quote_{column_name}", "quote", [column_name])


def _text(name: str, length: int) -> sa.Column[str]:
    return sa.Column(name, sa.String(length), nullable=False, server_default="")


def _number(name: str, kind: sa.Integer | sa.Double[float]) -> sa.Column[int] | sa.Column[float]:
    return sa.Column(name, kind, nullable=False, server_default="0")


def _moment(name: str) -> sa.Column[datetime]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=True)
