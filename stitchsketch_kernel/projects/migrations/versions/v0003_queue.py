"""Runs that wait for a worker, with what was set for them."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_WAITS = "queued IS NOT NULL AND status IN ('queued', 'running', 'dead')"


def upgrade() -> None:
    """Runs that are there were started by whoever keeps them."""
    for column in (
        sa.Column("settings", sa.JSON, nullable=False, server_default="{}"),
        sa.Column("from_stage", sa.String(40), nullable=False, server_default=""),
        sa.Column("queued", sa.DateTime(timezone=True), nullable=True),
        sa.Column("worker", sa.String(200), nullable=False, server_default=""),
        sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    ):
        op.add_column("run", column)
    waits = sa.text(_WAITS)
    op.create_index(
        "runs_in_the_queue", "run", ["queued"], sqlite_where=waits, postgresql_where=waits
    )
