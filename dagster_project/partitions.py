"""One partition a tenant, or an NLU project: a run, a figure or a check result always belongs to exactly one."""

import dagster as dg

TENANT = "tenant"
TENANTS = dg.DynamicPartitionsDefinition(name=TENANT)
NLU_PROJECT = "nlu_project"
NLU_PROJECTS = dg.DynamicPartitionsDefinition(name=NLU_PROJECT)
GROUP = "knowledge"
OWNERS = ["team:knowledge"]
