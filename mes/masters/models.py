"""Rows: texts that are approved, and the editions of recipes."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from mes.db import Row, Utc


class Edition(Row):
    """One edition: the very text that was approved. An approved text is never changed; it is succeeded."""

    __abstract__ = True

    code: Mapped[str] = mapped_column(String(80), primary_key=True)
    edition: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(200))
    text: Mapped[str] = mapped_column(Text)
    digest: Mapped[str] = mapped_column(String(64))
    status: Mapped[str] = mapped_column(String(20))  # draft, approved, retired
    author: Mapped[str] = mapped_column(String(60))
    approved_by: Mapped[str | None] = mapped_column(String(60))
    approved_at: Mapped[datetime | None] = mapped_column(Utc)


class RecipeEdition(Edition):
    """One edition of a recipe."""

    __tablename__ = "recipe_edition"

    @property
    def book(self) -> str:
        """The book of the recipe, shared by its editions."""
        return f"recipe:{self.code}"
