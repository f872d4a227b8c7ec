"""The ledger, and the first rows and views."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from mes.db import Utc
from mes.ledger.tables import ledger

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create the ledger, once and for good, and the first rows and views."""
    ledger.create_all(op.get_bind())
    _batches()
    _materials_and_equipment()
    _masters_and_orders()
    _people_and_site()


def _batches() -> None:
    op.create_table(
        "batch_view",
        sa.Column("batch", sa.String(length=60), nullable=False),
        sa.Column("coi", sa.String(length=60), nullable=False),
        sa.Column("product", sa.Text(), nullable=False),
        sa.Column("recipe", sa.String(length=80), nullable=False),
        sa.Column("disposition", sa.String(length=40), nullable=False),
        sa.Column("held", sa.Boolean(), nullable=False),
        sa.Column("open_deviations", sa.Integer(), nullable=False),
        sa.Column("pages", sa.Integer(), nullable=False),
        sa.Column("started", Utc(27), nullable=False),
        sa.Column("changed", Utc(27), nullable=False),
        sa.Column("due", Utc(27), nullable=True),
        sa.PrimaryKeyConstraint("batch"),
    )
    op.create_index("ix_batch_view_coi", "batch_view", ["coi"], unique=False)
    op.create_index("ix_batch_view_due", "batch_view", ["due"], unique=False)
    op.create_index("ix_batch_view_disposition", "batch_view", ["disposition"], unique=False)
    op.create_table(
        "deviation_view",
        sa.Column("batch", sa.String(length=60), nullable=False),
        sa.Column("number", sa.String(length=10), nullable=False),
        sa.Column("coi", sa.String(length=60), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("step", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("raised", Utc(27), nullable=False),
        sa.Column("raised_by", sa.String(length=60), nullable=False),
        sa.PrimaryKeyConstraint("batch", "number"),
    )
    op.create_index("ix_deviation_view_state", "deviation_view", ["state"], unique=False)


def _materials_and_equipment() -> None:
    op.create_table(
        "lot",
        sa.Column("number", sa.String(length=60), nullable=False),
        sa.Column("material", sa.String(length=120), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("expires", Utc(27), nullable=False),
        sa.Column("gives", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_table(
        "equipment",
        sa.Column("code", sa.String(length=60), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("equipment_class", sa.String(length=60), nullable=False),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("calibrated_until", Utc(27), nullable=False),
        sa.Column("exclusive", sa.Boolean(), nullable=False),
        sa.Column("holds", sa.String(length=60), nullable=True),
        sa.PrimaryKeyConstraint("code"),
    )
    op.create_table(
        "sample",
        sa.Column("code", sa.String(length=60), nullable=False),
        sa.Column("batch", sa.String(length=60), nullable=False),
        sa.Column("step", sa.String(length=20), nullable=False),
        sa.Column("what", sa.String(length=200), nullable=False),
        sa.Column("taken", Utc(27), nullable=False),
        sa.PrimaryKeyConstraint("code"),
    )
    op.create_index("ix_sample_batch", "sample", ["batch"], unique=False)


def _masters_and_orders() -> None:
    op.create_table(
        "recipe_edition",
        sa.Column("code", sa.String(length=80), nullable=False),
        sa.Column("edition", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("author", sa.String(length=60), nullable=False),
        sa.Column("approved_by", sa.String(length=60), nullable=True),
        sa.Column("approved_at", Utc(27), nullable=True),
        sa.PrimaryKeyConstraint("code", "edition"),
    )
    op.create_table(
        "therapy_order",
        sa.Column("coi", sa.String(length=60), nullable=False),
        sa.Column("recipe", sa.String(length=80), nullable=False),
        sa.Column("ordered", Utc(27), nullable=False),
        sa.Column("note", sa.String(length=200), nullable=False),
        sa.Column("batch", sa.String(length=60), nullable=True),
        sa.PrimaryKeyConstraint("coi"),
    )
    op.create_table(
        "document",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("batch", sa.String(length=60), nullable=False),
        sa.Column("asked", Utc(27), nullable=False),
        sa.Column("asked_by", sa.String(length=60), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("made", Utc(27), nullable=True),
        sa.Column("page", sa.Integer(), nullable=True),
        sa.Column("head", sa.String(length=64), nullable=True),
        sa.Column("digest", sa.String(length=64), nullable=True),
        sa.Column("pages", sa.Integer(), nullable=True),
        sa.Column("size", sa.Integer(), nullable=True),
        sa.Column("problem", sa.String(length=500), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_document_batch", "document", ["batch"], unique=False)


def _people_and_site() -> None:
    op.create_table(
        "user_account",
        sa.Column("id", sa.String(length=60), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("roles", sa.JSON(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=True),
        sa.Column("token_hash", sa.String(length=64), nullable=True),
        sa.Column("wrong_passwords", sa.Integer(), nullable=False),
        sa.Column("locked", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("token_hash"),
    )
    op.create_table(
        "sign_in",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("user", sa.String(length=60), nullable=False),
        sa.Column("workstation", sa.String(length=120), nullable=False),
        sa.Column("began", Utc(27), nullable=False),
        sa.Column("ended", Utc(27), nullable=True),
        sa.Column("how", sa.String(length=60), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_sign_in_user", "sign_in", ["user"], unique=False)
    op.create_table(
        "site",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("opened", Utc(27), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
