"""How well the candidate index answers whole questions, beside the one that serves."""

import dagster as dg

from dagster_project.assets.retrieval_evaluation import ACCEPTABLE, INDEX_VERSION, retrieval_evaluation
from dagster_project.checks.answer_quality import answer_quality, answers_result
from dagster_project.checks.recording import record_check
from dagster_project.partitions import GROUP, OWNERS, TENANTS
from dagster_project.presentation import difference_metadata, judge_metadata, question_metadata
from dagster_project.resources import Helpdesk
from dagster_project.result import Figures


@dg.asset(
    deps=[retrieval_evaluation],
    check_specs=[answer_quality()],
    partitions_def=TENANTS,
    group_name=GROUP,
    owners=OWNERS,
    kinds={"postgres"},
    description="The tenant's questions asked of the candidate as customers ask them, with its prompt and models: an "
    "answer is right that cites a document which answers, and so is a refusal where there is none.",
)
def answer_evaluation(context: dg.AssetExecutionContext, helpdesk: dg.ResourceParam[Helpdesk]) -> Figures:
    tenant = helpdesk.begin(context)
    report = helpdesk.workbench.ingestion.evaluate_answers(tenant, helpdesk.progress(context))
    version = {} if report.index_version is None else {INDEX_VERSION: report.index_version}
    return Figures(
        metadata={
            **version,
            "questions": report.questions,
            **({} if report.right is None else {"answered right": round(report.right.value, 4)}),
            **difference_metadata(report.judgement),
            **judge_metadata(report),
            **question_metadata("no longer right", report.broken),
            **question_metadata("right now", report.mended),
            "asked now": report.measured,
            ACCEPTABLE: report.acceptable,
            "reason": report.reason,
        },
        check_results=[record_check(helpdesk, [tenant], "answer_quality", "answer_evaluation", answers_result(report))],
    )
