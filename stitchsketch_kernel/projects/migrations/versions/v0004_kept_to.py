"""Projects that are kept to some people of the shop."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Every project that is there stays open to its shop."""
    op.add_column("project", sa.Column("kept_to", sa.Text, nullable=False, server_default=""))
