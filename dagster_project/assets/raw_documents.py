"""What a tenant's sources hold now, against the last run."""

import dagster as dg

from components.core.errors import InvalidSetting
from components.knowledge.readable_declarations import declarations_of
from dagster_project.fingerprints import FINGERPRINT, tenant_fingerprint
from dagster_project.partitions import GROUP, OWNERS, TENANTS
from dagster_project.presentation import log_problems, problem_metadata
from dagster_project.resources import Helpdesk
from dagster_project.result import Figures


@dg.asset(
    partitions_def=TENANTS,
    group_name=GROUP,
    owners=OWNERS,
    kinds={"folder"},
    description="Every document of the tenant's sources, byte for byte. A source that cannot be listed "
    "stops the run here, and nothing is deleted.",
)
def raw_documents(context: dg.AssetExecutionContext, helpdesk: dg.ResourceParam[Helpdesk]) -> Figures:
    tenant = helpdesk.begin(context)
    declared = declarations_of(helpdesk.source_folders, tenant.domain)
    if not declared:
        folders = " or ".join(str(folder) for folder in helpdesk.source_folders)
        raise InvalidSetting(f"no source is declared for {tenant.domain}: write a defs.yaml below {folders}")
    fingerprint = tenant_fingerprint(declared)
    report = helpdesk.workbench.ingestion.collect(tenant, [source.source for source in declared])
    log_problems(context, report.problems)
    return Figures(
        metadata={
            "sources": ", ".join(source.name for source in declared),
            "added": report.added,
            "changed": report.changed,
            "removed": report.removed,
            "unchanged": report.unchanged,
            "bytes": report.size_bytes,
            "seconds": round(report.seconds, 3),
            FINGERPRINT: fingerprint,
            **problem_metadata(report.problems),
        }
    )
