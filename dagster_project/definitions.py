"""Everything that Dagster shows and runs, merged."""

import dagster as dg

from components.core.settings import Settings, load_settings


@dg.definitions
def defs() -> dg.Definitions:
    """What `workspace.yaml` loads, by the settings of the environment."""
    return build_definitions(load_settings())


def build_definitions(settings: Settings) -> dg.Definitions:
    """Assets, checks, jobs, schedule, sensors, and the sources declared in YAML. Raises Dagster's error naming
    file, line and key for a declaration that cannot be read."""
    from dagster_project.assets.chunks import chunks
    from dagster_project.assets.conversation_facts import conversation_facts
    from dagster_project.assets.documents import documents
    from dagster_project.assets.embeddings import embeddings
    from dagster_project.assets.evaluation_sets import evaluation_sets
    from dagster_project.assets.nlu_model import nlu_model
    from dagster_project.assets.raw_documents import raw_documents
    from dagster_project.assets.retrieval_evaluation import retrieval_evaluation
    from dagster_project.assets.served_index import served_index
    from dagster_project.checks.dimensions import dimensions_match
    from dagster_project.checks.empty_documents import no_empty_document
    from dagster_project.checks.orphan_chunks import no_orphan_chunk
    from dagster_project.jobs import analytics_job, knowledge_job
    from dagster_project.nlu_sensor import nlu_project_changes, understanding_job
    from dagster_project.resources import Helpdesk, helpdesk_resource
    from dagster_project.schedules import fresh_facts, hourly_knowledge
    from dagster_project.sensors import source_changes
    from dagster_project.sources import load_sources

    sources = load_sources(Helpdesk(settings).source_folders)
    origins = [spec.key for spec in sources.resolve_all_asset_specs()]
    from_sources = raw_documents.map_asset_specs(lambda spec: spec.merge_attributes(deps=origins))
    return dg.Definitions.merge(
        sources,
        dg.Definitions(
            assets=[
                from_sources, documents, chunks, embeddings, evaluation_sets, retrieval_evaluation, served_index,
                nlu_model, conversation_facts,
            ],
            asset_checks=[no_empty_document, no_orphan_chunk, dimensions_match],
            jobs=[knowledge_job, analytics_job, understanding_job],
            schedules=[hourly_knowledge, fresh_facts],
            sensors=[source_changes, nlu_project_changes],
            resources={"helpdesk": helpdesk_resource},
            executor=dg.in_process_executor,
        ),
    )  # fmt: skip
