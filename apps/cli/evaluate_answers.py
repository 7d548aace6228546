"""`helpdesk evaluate answers`: a set's questions answered by any prompt, model and pipeline, beside another."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.progress import Progress

from apps.cli.console import out, plain_table, print_json, progress_bar, warn
from apps.cli.context import AsJson, open_workbench
from components.core.errors import InvalidInput
from components.core.money_text import money_text

if TYPE_CHECKING:
    from components.bootstrap import Workbench
    from components.core.prompts import PromptTemplate
    from components.core.tenant import Tenant
    from components.helpdesk.evaluation.answer_comparison import Comparison
    from components.helpdesk.evaluation.answer_run import AnswerRun, Variant
    from components.helpdesk.evaluation.beir import EvaluationSet
    from components.helpdesk.evaluation.intervals import Interval

MOST_SHOWN = 20
_PARTS = ("prompt", "model", "top-k", "pipeline")
NO_JUDGE = "none"
_PER_ANSWER = {"seconds": "s an answer", "cost": "cost an answer"}


def answers(
    name: Annotated[str | None, typer.Option("--set", help="Name of the set; all in use without it.")] = None,
    tenant: Annotated[str | None, typer.Option(help="Domain; needed where there are several tenants.")] = None,
    prompt: Annotated[str | None, typer.Option(help="A YAML file, or the number of a saved version.")] = None,
    model: Annotated[str | None, typer.Option(help="A model that the tenant may use, or extractive.")] = None,
    top_k: Annotated[int | None, typer.Option(min=1, max=50, help="Passages retrieved a question.")] = None,
    pipeline: Annotated[str | None, typer.Option(help="A shipped pipeline's name, or a YAML file.")] = None,
    against: Annotated[
        str | None,
        typer.Option(help="Compare with another: `now`, or some of prompt=…,model=…,top-k=…,pipeline=…"),
    ] = None,
    judge: Annotated[
        str | None,
        typer.Option(
            help="A language model of the tenant's that says whether answers follow from their passages, and these "
            "hold what was asked for: two calls an answer. `none`: nobody is asked.",
            show_default="evaluation.judge of the tenant's configuration",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Ask the questions of a set, each as a customer would, and count what is answered right.

    What is not named stays as the tenant has it now. Example: helpdesk evaluate answers --set shop/evaluation
    --prompt mine.yaml --against now
    """
    with open_workbench() as workbench:
        found = _tenant(workbench, tenant)
        questions = _questions(workbench, found, name)
        if questions.told_missing:
            warn(questions.told_missing)
        variants = [] if against is None else [_parsed(workbench, found, against)]
        variants.append(_variant(workbench, found, prompt, model, top_k, pipeline))
        asked_judge = _judge(found, judge)
        with progress_bar(as_json=as_json) as bar:
            *others, after = _run(workbench, found, questions, variants, asked_judge, bar)
    from components.helpdesk.evaluation.answer_comparison import compare

    before = others[0] if others else None
    compared = compare(before, after) if before is not None else None
    if as_json:
        print_json(_machine(after, compared))
    else:
        _print(after, before, compared)


def _run(
    workbench: Workbench,
    tenant: Tenant,
    questions: EvaluationSet,
    variants: list[Variant],
    judge: str | None,
    bar: Progress,
) -> list[AnswerRun]:
    asked = len(variants) * len(questions.queries)
    task = bar.add_task("asking", total=asked)

    def show(done: int, total: int) -> None:
        told = f"having {judge} judge them" if done > asked else "asking"
        bar.update(task, completed=done, total=total, description=told)

    runs = workbench.answer_evaluations.in_turns(tenant.context, questions, variants, judge=judge, on_progress=show)
    for run in runs:
        workbench.evaluation_runs.store(tenant.context, run.stored("trial", "helpdesk evaluate answers"))
    return runs


def _tenant(workbench: Workbench, domain: str | None) -> Tenant:
    if domain is not None:
        return workbench.tenants.get_by_domain(domain)
    tenants = workbench.tenants.list()
    if len(tenants) != 1:
        known = ", ".join(each.domain for each in tenants) or "none yet"
        raise InvalidInput(f"--tenant is needed: one of {known}", field="tenant")
    return tenants[0]


def _judge(tenant: Tenant, asked: str | None) -> str | None:
    from components.helpdesk.tenant_config import read_config

    judge = read_config(tenant.config).evaluation.judge if asked is None else asked
    return None if judge == NO_JUDGE else judge


def _questions(workbench: Workbench, tenant: Tenant, name: str | None) -> EvaluationSet:
    if name is not None:
        return workbench.evaluation_sets.judged(tenant.context, name)
    found = workbench.evaluation_sets.in_use(tenant.context)
    if found is None:
        raise InvalidInput(
            f"{tenant.domain} has no evaluation set: helpdesk evaluation-set import {tenant.domain} FOLDER", field="set"
        )
    return found


def _parsed(workbench: Workbench, tenant: Tenant, against: str) -> Variant:
    if against == "now":
        return _variant(workbench, tenant)
    parts = dict(part.partition("=")[::2] for part in against.split(","))
    if unknown := sorted(parts.keys() - set(_PARTS)):
        raise InvalidInput(f"--against {unknown[0]!r}: now is allowed, or {', '.join(_PARTS)}", field="against")
    top_k = parts.get("top-k")
    if top_k is not None and not top_k.isdecimal():
        raise InvalidInput(f"--against top-k={top_k!r}: a whole number is allowed", field="against")
    return _variant(
        workbench, tenant, parts.get("prompt"), parts.get("model"), int(top_k) if top_k else None, parts.get("pipeline")
    )


def _variant(
    workbench: Workbench,
    tenant: Tenant,
    prompt: str | None = None,
    model: str | None = None,
    top_k: int | None = None,
    pipeline: str | None = None,
) -> Variant:
    from components.helpdesk.evaluation.answer_run import Variant
    from components.retrieval.pipeline_schema import shipped_pipelines

    if pipeline is not None and pipeline not in shipped_pipelines():
        if not Path(pipeline).is_file():
            raise InvalidInput(
                f"--pipeline {pipeline!r}: a YAML file or one of {', '.join(shipped_pipelines())}", field="pipeline"
            )
        pipeline = Path(pipeline).read_text(encoding="utf-8")
    return Variant(None if prompt is None else _prompt(workbench, tenant, prompt), model, top_k, pipeline)


def _prompt(workbench: Workbench, tenant: Tenant, prompt: str) -> PromptTemplate:
    from components.core.prompts import UNSAVED_VERSION, PromptTemplate
    from components.helpdesk.prompt_files import read_prompt_file
    from components.retrieval.prompting import ANSWER_PROMPT

    if prompt.isdecimal():
        return workbench.prompts.get(tenant.context, ANSWER_PROMPT, int(prompt))
    try:
        text = Path(prompt).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(f"--prompt {prompt}: {error}", field="prompt") from error
    return PromptTemplate(ANSWER_PROMPT, UNSAVED_VERSION, *read_prompt_file(text, prompt))


def _machine(run: AnswerRun, compared: Comparison | None) -> dict[str, Any]:
    return {
        "set": run.set_name,
        "set_version": run.set_version,
        "missing": run.missing,
        "variant": run.variant,
        "questions": len(run.results),
        "currency": run.currency,
        "metrics": run.metrics,
        "judge": None
        if run.judge is None
        else {
            "model": run.judge,
            "judged": run.judged,
            "cost": run.judge_cost,
            "told": run.told_judge,
            "doubted": [{"question": each.question, "statements": each.doubted} for each in run.doubted],
        },
        "comparison": None if compared is None else compared.summary(),
    }


def _print(run: AnswerRun, before: AnswerRun | None, compared: Comparison | None) -> None:
    out.print(f"{run.set_name} {run.set_version}, {len(run.results)} questions", style="bold", markup=False)
    if before is None or compared is None:
        table = plain_table("figure", "value", "95 %")
        for name, interval in run.metrics.items():
            table.add_row(_named(name, run.currency), _number(interval.value), _range(interval))
        out.print(table)
        _print_judge(run)
        return
    table = plain_table("figure", "before", "after", "difference", "95 %")
    for name, interval in run.metrics.items():
        other, difference = before.metrics.get(name), compared.differences.get(name)
        table.add_row(
            _named(name, run.currency),
            _number(other.value) if other else "",
            _number(interval.value),
            f"{difference.value:+.4g}" if difference else "",
            _range(difference) if difference else "",
        )
    out.print(table)
    out.print(compared.reason, markup=False)
    _print_judge(run)
    for each in [one for one in compared.changed if one.rightness_changed][:MOST_SHOWN]:
        sign = "+ right now:" if each.after.right else "- no longer right:"
        out.print(f"{sign} {each.question}", markup=False, soft_wrap=True)


def _print_judge(run: AnswerRun) -> None:
    if run.judge is None:
        return
    out.print(f"{run.told_judge}, for {money_text(run.judge_cost, run.currency)}", markup=False, soft_wrap=True)
    for each in run.doubted[:MOST_SHOWN]:
        out.print(f"? not in its passages: {' '.join(each.doubted)} ({each.question})", markup=False, soft_wrap=True)


def _named(figure: str, currency: str) -> str:
    named = _PER_ANSWER.get(figure, figure.replace("_", " "))
    return f"{named}, {currency}" if figure == "cost" and currency else named


def _number(value: float) -> str:
    return f"{value:.4g}"


def _range(interval: Interval) -> str:
    return f"{interval.low:.4g} to {interval.high:.4g}"
