"""Sessions, their refresh tokens and status lists; clients; users who can be disabled."""

import sqlalchemy as sa

from alembic import op
from app.database import UtcDateTime

revision = "0002"
down_revision = "0001"

ENDED = sa.text("ended_at IS NOT NULL")
OF_CLIENTS = sa.text("user_id IS NULL")
SALTED = sa.text("salt IS NOT NULL")


def upgrade() -> None:
    # Not in batch mode: it would make the table anew, and its rows' notes would go with the old.
    op.add_column("users", sa.Column("name", sa.String(100), nullable=True))
    op.add_column("users", sa.Column("disabled_at", UtcDateTime(), nullable=True))
    op.add_column(
        "users", sa.Column("session_epoch", sa.Integer(), server_default="0", nullable=False)
    )
    op.add_column("users", sa.Column("sessions_ended_at", UtcDateTime(), nullable=True))
    op.create_table(
        "clients",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_clients"),
    )
    op.create_table(
        "status_lists",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.LargeBinary(32), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("taken", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("last_taken_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_status_lists"),
    )
    _create_sessions()
    _create_refresh_tokens()


def _create_sessions() -> None:
    op.create_table(
        "sessions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("client_id", sa.String(64), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("status_list_id", sa.Uuid(), nullable=False),
        sa.Column("status_index", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("last_used_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("ended_because", sa.String(32), nullable=True),
        sa.Column("first_user_agent", sa.String(255), nullable=True),
        sa.Column("first_address", sa.String(45), nullable=True),
        sa.Column("last_user_agent", sa.String(255), nullable=True),
        sa.Column("last_address", sa.String(45), nullable=True),
        sa.ForeignKeyConstraint(
            ["status_list_id"], ["status_lists.id"], name="fk_sessions_status_list_id_status_lists"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name="fk_sessions_user_id_users", ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_sessions"),
        sa.UniqueConstraint(
            "status_list_id", "status_index", name="uq_sessions_status_list_id_status_index"
        ),
    )
    op.create_index(
        "ix_sessions_user_id_created_at_id", "sessions", ["user_id", "created_at", "id"]
    )
    op.create_index("ix_sessions_expires_at", "sessions", ["expires_at"])
    op.create_index(
        "ix_sessions_of_clients",
        "sessions",
        ["client_id"],
        postgresql_where=OF_CLIENTS,
        sqlite_where=OF_CLIENTS,
    )
    op.create_index(
        "ix_sessions_ended",
        "sessions",
        ["status_list_id", "status_index"],
        postgresql_where=ENDED,
        sqlite_where=ENDED,
    )


def _create_refresh_tokens() -> None:
    op.create_table(
        "refresh_tokens",
        sa.Column("hash", sa.LargeBinary(32), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("used_at", UtcDateTime(), nullable=True),
        sa.Column("salt", sa.LargeBinary(32), nullable=True),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["sessions.id"],
            name="fk_refresh_tokens_session_id_sessions",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("hash", name="pk_refresh_tokens"),
    )
    op.create_index("ix_refresh_tokens_session_id", "refresh_tokens", ["session_id"])
    for name, column in (("salted", "used_at"), ("salted_of_session", "session_id")):
        op.create_index(
            f"ix_refresh_tokens_{name}",
            "refresh_tokens",
            [column],
            postgresql_where=SALTED,
            sqlite_where=SALTED,
        )


def downgrade() -> None:
    for table in ("refresh_tokens", "sessions", "status_lists", "clients"):
        op.drop_table(table)
    for column in ("sessions_ended_at", "session_epoch", "disabled_at", "name"):
        op.drop_column("users", column)
