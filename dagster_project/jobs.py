"""The whole way of a tenant's knowledge, from its sources to the index that serves, as one job."""

from typing import Any

import dagster as dg

KNOWLEDGE = "knowledge"
ANALYTICS = "analytics"
STAGES = (
    "raw_documents",
    "documents",
    "chunks",
    "embeddings",
    "evaluation_sets",
    "retrieval_evaluation",
    "served_index",
)


def console_log(level: str) -> dict[str, Any]:
    """What a run writes to its process's error output; its events are in Dagster's storage in any case."""
    return {"loggers": {"console": {"config": {"log_level": level}}}}


knowledge_job = dg.define_asset_job(
    KNOWLEDGE,
    selection=list(STAGES),
    config=console_log("ERROR"),
    description="Brings one tenant's knowledge up to date; what did not change is not done again.",
)

analytics_job = dg.define_asset_job(
    ANALYTICS,
    selection=["conversation_facts"],
    config=console_log("ERROR"),
    description="Brings the facts that one tenant's figures are counted from up to date.",
)
