"""Photos that were taken out of their scan."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Every photo that is there stays in its scan."""
    op.add_column(
        "photo", sa.Column("left_out", sa.Boolean, nullable=False, server_default=sa.false())
    )
