"""Row-level security for a table in one line, so that a new table cannot be had without it.

In a migration: `op.create_table("things", …)`, then `protect(op, "things")`. From then on the application role
sees and writes the rows of the tenant set in its transaction, and none where no tenant is set. FORCE
binds the owner too: a migration that rewrites rows must set each tenant in turn.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from components.database.roles import APP, OPERATOR, OWNER

CURRENT_TENANT = "nullif(current_setting('app.tenant_id', true), '')::uuid"
READ_AND_WRITE = ("SELECT", "INSERT", "UPDATE", "DELETE")
APPEND_ONLY = ("SELECT", "INSERT")


class Operations(Protocol):
    """Alembic's `op`, as far as it is needed here."""

    def execute(self, sqltext: str, /) -> Any: ...


def protect(op: Operations, table: str, privileges: Sequence[str] = READ_AND_WRITE) -> None:
    """Enables and forces row-level security on `table`, and gives the application role `privileges` on it.

    The table needs a column tenant_id. privileges: SQL privileges, such as SELECT or UPDATE (some_column).
    """
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY tenant_isolation ON {table} FOR ALL TO {APP} "
        f"USING (tenant_id = {CURRENT_TENANT}) WITH CHECK (tenant_id = {CURRENT_TENANT})"
    )
    op.execute(f"REVOKE ALL ON {table} FROM PUBLIC")
    op.execute(f"GRANT {', '.join(privileges)} ON {table} TO {APP}")


def open_registry(op: Operations) -> None:
    """Lets the operator keep the table tenants, and the application find a tenant's id by its domain.

    The lookup is a function that runs as the tables' owner, for whom one policy opens that one table to reading.
    """
    op.execute(f"CREATE POLICY operator_registry ON tenants FOR ALL TO {OPERATOR} USING (true) WITH CHECK (true)")
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON tenants TO {OPERATOR}")
    op.execute(f"CREATE POLICY domain_lookup ON tenants FOR SELECT TO {OWNER} USING (true)")
    op.execute(
        "CREATE FUNCTION tenant_id_for_domain(wanted text) RETURNS uuid "
        "LANGUAGE sql STABLE STRICT SECURITY DEFINER SET search_path = pg_catalog, pg_temp "
        "AS 'SELECT tenant_id FROM public.tenants WHERE domain = wanted'"
    )
    op.execute("REVOKE ALL ON FUNCTION tenant_id_for_domain(text) FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION tenant_id_for_domain(text) TO {APP}")


def close_registry(op: Operations) -> None:
    """Takes the lookup away again; the policies go with the table."""
    op.execute("DROP FUNCTION tenant_id_for_domain(text)")
