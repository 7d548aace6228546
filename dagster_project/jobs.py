"""The whole way of a tenant's knowledge, from its sources to the index that serves, as one job."""

import dagster as dg

KNOWLEDGE = "knowledge"
STAGES = (
    "raw_documents",
    "documents",
    "chunks",
    "embeddings",
    "evaluation_sets",
    "retrieval_evaluation",
    "served_index",
)

knowledge_job = dg.define_asset_job(
    KNOWLEDGE,
    selection=list(STAGES),
    description="Brings one tenant's knowledge up to date; what did not change is not done again.",
)
