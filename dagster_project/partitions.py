"""One partition a tenant: a run, a figure or a check result always belongs to exactly one of them."""

import dagster as dg

TENANT = "tenant"
TENANTS = dg.DynamicPartitionsDefinition(name=TENANT)
GROUP = "knowledge"
OWNERS = ["team:knowledge"]
