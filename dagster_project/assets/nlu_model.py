"""The engines that understand customers, trained on a project's examples and cross-validated."""

import dagster as dg

from dagster_project.checks.nlu_quality import nlu_quality, nlu_quality_result
from dagster_project.nlu_presentation import nlu_metadata
from dagster_project.partitions import NLU_PROJECTS, OWNERS
from dagster_project.resources import Helpdesk
from dagster_project.result import Figures

UNDERSTANDING = "understanding"


@dg.asset(
    check_specs=[nlu_quality()],
    partitions_def=NLU_PROJECTS,
    group_name=UNDERSTANDING,
    owners=OWNERS,
    kinds={"scikitlearn", "tensorflow"},
    description="The local classifier and Rasa, trained on the same examples; the better one leads, the other stands "
    "in. A version that is worse than what serves is not promoted. An unchanged project is not trained again.",
)
def nlu_model(context: dg.AssetExecutionContext, helpdesk: dg.ResourceParam[Helpdesk]) -> Figures:
    models = helpdesk.workbench.nlu_models
    project = models.get_project(context.partition_key)
    done = models.train(
        project,
        on_step=lambda step: context.log.info(f"{step.what} {f'{step.done} of {step.total}' if step.total else ''}"),
    )
    return Figures(
        metadata={
            **nlu_metadata(done.evaluation),
            "trained now": ", ".join(done.trained) or "nothing: the project has not changed",
            "seconds": round(done.seconds, 3),
        },
        data_version=dg.DataVersion(done.evaluation.version),
        check_results=[nlu_quality_result(done.evaluation)],
    )
