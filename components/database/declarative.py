"""What every table is declared with: the base class, the kinds of columns, and how constraints are named."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, ClassVar
from uuid import UUID

from sqlalchemy import ARRAY, TIMESTAMP, BigInteger, Double, ForeignKey, MetaData, Numeric, Text, Uuid, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, mapped_column

Json = dict[str, Any]
Moment = Annotated[datetime, mapped_column(TIMESTAMP(timezone=True), server_default=func.now())]
MaybeMoment = Annotated[datetime | None, mapped_column(TIMESTAMP(timezone=True))]
Instant = Annotated[datetime | None, mapped_column(TIMESTAMP(timezone=False))]
TenantId = Annotated[UUID, mapped_column(Uuid, ForeignKey("tenants.tenant_id", ondelete="CASCADE"))]
TenantKey = Annotated[UUID, mapped_column(Uuid, ForeignKey("tenants.tenant_id", ondelete="CASCADE"), primary_key=True)]
Key = Annotated[UUID, mapped_column(Uuid, primary_key=True)]

# The transaction that made the row what it is, which a trigger sees to; for those who follow changes.
ChangedIn = Annotated[
    int, mapped_column(BigInteger, server_default=text("((pg_current_xact_id())::text)::bigint"), deferred=True)
]


class Base(DeclarativeBase):
    """Names every constraint, so that migrations can name it too."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        str: Text,
        float: Double,
        Decimal: Numeric(20, 10),
        Json: JSONB,
        list[Any]: JSONB,
        list[str]: ARRAY(Text),
    }
