"""What the warehouse of facts is kept up to date by: since which transaction a row stands, and what has gone."""

from __future__ import annotations

from sqlalchemy import BigInteger
from sqlalchemy.orm import Mapped, mapped_column

from components.database.declarative import Base, TenantKey


class FactDeletionRow(Base):
    """That rows of a table have gone from a month (UTC, `2026-11`), by deletion or because they were dated anew, and in
    which transaction they last did. One row a table and month, so that any number of readers can follow."""

    __tablename__ = "fact_deletions"
    tenant_id: Mapped[TenantKey]
    source: Mapped[str] = mapped_column(primary_key=True)
    month: Mapped[str] = mapped_column(primary_key=True)
    changed_in: Mapped[int] = mapped_column(BigInteger)
