"""Each notebook as an asset of each tenant, whose output is the notebook as it was run."""

from collections.abc import Sequence

import dagster as dg
from pydantic import Field

from components.helpdesk.notebooks.notebook import SHIPPED, TENANT, Notebook
from components.helpdesk.notebooks.notebook import notebooks as notebooks_of
from dagster_project.assets.served_index import served_index
from dagster_project.jobs import NOTEBOOKS
from dagster_project.partitions import OWNERS, TENANTS
from dagster_project.result import Figures


class NotebookParameters(dg.Config):
    """parameters: name -> value as text, instead of the notebook's defaults. The tenant is the partition's."""

    parameters: dict[str, str] = Field(default_factory=dict)


def notebook_assets(notebooks: Sequence[Notebook] | None = None) -> list[dg.AssetsDefinition]:
    """One a notebook of the folder `notebooks`, or of those given."""
    return [_asset(notebook) for notebook in (notebooks_of(SHIPPED) if notebooks is None else notebooks)]


def _asset(notebook: Notebook) -> dg.AssetsDefinition:
    @dg.asset(
        name=notebook.name,
        key_prefix=NOTEBOOKS,
        deps=[served_index],
        partitions_def=TENANTS,
        group_name=NOTEBOOKS,
        owners=OWNERS,
        kinds={"jupyter"},
        op_tags={"notebook_path": str(notebook.path)},
        metadata={"notebook": dg.MetadataValue.notebook(str(notebook.path))},
        description=notebook.purpose,
    )
    def rendered(context: dg.AssetExecutionContext, config: NotebookParameters) -> Figures:
        from components.bootstrap import build_registry
        from components.core.settings import load_settings
        from components.database.provision import provision
        from components.helpdesk.notebooks.kept import new_rendering
        from dagster_project.notebook_run import run_by_dagstermill

        values = notebook.read_parameters({**config.parameters, TENANT: context.partition_key})
        settings = load_settings()
        # Open while the notebook runs: its kernel finds the database running.
        addresses = provision(settings)
        registry = build_registry(settings, addresses)
        try:
            tenant = registry.tenants.get_by_domain(context.partition_key)
            place = new_rendering(settings.data_dir, tenant.context, notebook.name)
            return Figures(metadata=run_by_dagstermill(context, notebook, values, place))
        finally:
            registry.close()
            addresses.close()

    return rendered
