"""People: training, badges, what signers accept, where passwords were wrong, reviews of who may do what."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from mes.db import Utc

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Create the tables and the columns. Those of users may be empty, as their lines were before there were any."""
    for name, type_ in (
        ("is_first_password", sa.Boolean()),
        ("secret_set", Utc(27)),
        ("proven_by", sa.String(length=60)),
        ("proven_at", Utc(27)),
        ("proof", sa.String(length=80)),
        ("accepted", sa.Integer()),
        ("accepted_at", Utc(27)),
    ):
        op.add_column("user_account", sa.Column(name, type_, nullable=True))
    op.add_column("sign_in", sa.Column("both_given", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("sign_in", sa.Column("waits_for", sa.String(length=20), nullable=True))
    op.add_column("sign_in", sa.Column("badge", sa.String(length=60), nullable=True))
    _signers()
    _training()
    _badges_and_reviews()
    _second_factors()


def _second_factors() -> None:
    op.create_table(
        "second_factor",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("user", sa.String(length=60), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("credential", sa.String(length=1400), nullable=True),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("added", Utc(27), nullable=False),
        sa.Column("confirmed", Utc(27), nullable=True),
        sa.Column("ended", Utc(27), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_second_factor_user", "second_factor", ["user"], unique=False)


def _signers() -> None:
    op.create_table(
        "accountability_statement",
        sa.Column("edition", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("issued", Utc(27), nullable=False),
        sa.Column("issued_by", sa.String(length=60), nullable=False),
        sa.PrimaryKeyConstraint("edition"),
    )
    op.create_table(
        "workstation",
        sa.Column("address", sa.String(length=120), nullable=False),
        sa.Column("wrong_passwords", sa.Integer(), nullable=False),
        sa.Column("since", Utc(27), nullable=False),
        sa.Column("waits_until", Utc(27), nullable=True),
        sa.PrimaryKeyConstraint("address"),
    )


def _training() -> None:
    op.create_table(
        "training",
        sa.Column("user", sa.String(length=60), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("recipe", sa.String(length=80), nullable=False),
        sa.Column("edition", sa.Integer(), nullable=False),
        sa.Column("trained", Utc(27), nullable=False),
        sa.Column("until", Utc(27), nullable=False),
        sa.Column("recorded_by", sa.String(length=60), nullable=False),
        sa.PrimaryKeyConstraint("user", "digest"),
    )
    op.create_table(
        "assignment",
        sa.Column("batch", sa.String(length=60), nullable=False),
        sa.Column("user", sa.String(length=60), nullable=False),
        sa.Column("assigned_by", sa.String(length=60), nullable=False),
        sa.Column("is_current", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("batch", "user"),
    )


def _badges_and_reviews() -> None:
    op.create_table(
        "badge",
        sa.Column("code", sa.String(length=60), nullable=False),
        sa.Column("user", sa.String(length=60), nullable=False),
        sa.Column("issued", Utc(27), nullable=False),
        sa.Column("issued_by", sa.String(length=60), nullable=False),
        sa.Column("confirmed_by", sa.String(length=60), nullable=True),
        sa.Column("until", Utc(27), nullable=True),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("tested", Utc(27), nullable=True),
        sa.Column("tested_by", sa.String(length=60), nullable=True),
        sa.PrimaryKeyConstraint("code"),
    )
    op.create_index("ix_badge_user", "badge", ["user"], unique=False)
    op.create_table(
        "access_review",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("reviewed", Utc(27), nullable=False),
        sa.Column("reviewed_by", sa.String(length=60), nullable=False),
        sa.Column("conclusion", sa.Text(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )
