"""Counters of attempts; the audit, whose events stay as they are; an index of administrators."""

import sqlalchemy as sa

from alembic import op
from app.database import UtcDateTime

revision = "0003"
down_revision = "0002"

OF_ADMINISTRATORS = sa.text("name = 'admin'")
# Younger events cannot be deleted either; older ones are pruned (app/audit/pruning.py).
KEPT_DAYS = 90
_POSTGRESQL = (
    f"""
    CREATE FUNCTION keep_audit_events() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'DELETE' THEN
            IF OLD.created_at < now() - interval '{KEPT_DAYS} days' THEN
                RETURN OLD;
            END IF;
        END IF;
        RAISE EXCEPTION 'audit events stay as they are';
    END $$
    """,
    """
    CREATE TRIGGER keep_audit_events BEFORE UPDATE OR DELETE ON audit_events
    FOR EACH ROW EXECUTE FUNCTION keep_audit_events()
    """,
    """
    CREATE TRIGGER keep_all_audit_events BEFORE TRUNCATE ON audit_events
    FOR EACH STATEMENT EXECUTE FUNCTION keep_audit_events()
    """,
)
_SQLITE = (
    # An INSERT OR REPLACE would delete without a trigger.
    """
    CREATE TRIGGER keep_audit_events_there BEFORE INSERT ON audit_events
    WHEN EXISTS (SELECT 1 FROM audit_events WHERE id = NEW.id)
    BEGIN SELECT RAISE(ABORT, 'audit events stay as they are'); END
    """,
    """
    CREATE TRIGGER keep_audit_events_unchanged BEFORE UPDATE ON audit_events
    BEGIN SELECT RAISE(ABORT, 'audit events stay as they are'); END
    """,
    f"""
    CREATE TRIGGER keep_audit_events BEFORE DELETE ON audit_events
    WHEN OLD.created_at >= datetime('now', '-{KEPT_DAYS} days')
    BEGIN SELECT RAISE(ABORT, 'audit events stay as they are'); END
    """,
)


def upgrade() -> None:
    op.create_table(
        "attempt_counters",
        sa.Column("key", sa.LargeBinary(32), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("not_before", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_attempt_counters"),
    )
    op.create_index("ix_attempt_counters_expires_at", "attempt_counters", ["expires_at"])
    op.create_index(
        "ix_user_roles_of_administrators",
        "user_roles",
        ["user_id"],
        postgresql_where=OF_ADMINISTRATORS,
        sqlite_where=OF_ADMINISTRATORS,
    )
    op.create_table(
        "audit_events",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("action", sa.String(64), nullable=False),
        sa.Column("outcome", sa.String(16), nullable=False),
        sa.Column("code", sa.String(64), nullable=True),
        sa.Column("actor", sa.String(64), nullable=True),
        sa.Column("target", sa.String(64), nullable=True),
        sa.Column("address", sa.String(45), nullable=True),
        sa.Column("user_agent", sa.String(255), nullable=True),
        sa.Column("request_id", sa.String(64), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_audit_events"),
    )
    op.create_index("ix_audit_events_created_at_id", "audit_events", ["created_at", "id"])
    for column in ("actor", "target", "action", "outcome"):
        name = f"ix_audit_events_{column}_created_at_id"
        op.create_index(name, "audit_events", [column, "created_at", "id"])
    for statement in _POSTGRESQL if _on_postgresql() else _SQLITE:
        op.execute(statement)


def downgrade() -> None:
    op.drop_table("audit_events")
    if _on_postgresql():
        op.execute("DROP FUNCTION keep_audit_events")
    op.drop_index("ix_user_roles_of_administrators", "user_roles")
    op.drop_table("attempt_counters")


def _on_postgresql() -> bool:
    return op.get_bind().dialect.name == "postgresql"
