"""`helpdesk nlu`: train what understands customers, see who leads, try a message, bring a tenant's own examples."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from apps.cli.console import err, out, plain_table, print_json, progress_bar, warn
from apps.cli.context import AsJson, open_registry

if TYPE_CHECKING:
    from rich.progress import Progress

    from components.bootstrap import Registry
    from components.core.embeddings import Embedder
    from components.core.nlu import Understanding
    from components.helpdesk.understanding.models import TrainedProject
    from components.helpdesk.understanding.training import TrainingStep

app = typer.Typer(help="Train, compare and try what understands customers' messages.", no_args_is_help=True)

OfTenant = Annotated[str, typer.Option("--tenant", metavar="DOMAIN", help="Domain of the tenant.")]


@app.command()
def train(
    tenant: Annotated[
        str | None,
        typer.Option(metavar="DOMAIN", help="Only the project of this tenant.", show_default="every project"),
    ] = None,
    rasa: Annotated[bool, typer.Option("--rasa/--no-rasa", help="Try Rasa too, where its environment is.")] = True,
    force: Annotated[bool, typer.Option("--force", help="Let a version serve even where it is worse.")] = False,
    wait: Annotated[
        float, typer.Option(metavar="SECONDS", min=0, help="How long to wait for another training to end.")
    ] = 600,
    as_json: AsJson = False,
) -> None:
    """Train the local classifier and Rasa on each project's examples, compare them by cross-validation, and let the
    better one lead. What has not changed is not trained again. Rasa takes minutes, the local classifier seconds.

    Example: helpdesk nlu train --no-rasa
    """
    from components.helpdesk.understanding.models import NluModels

    with _opened() as (registry, embedder), progress_bar(as_json=as_json) as bar:
        shown = _Steps(bar)
        models = NluModels(registry.settings, registry.database, embedder, registry.tenants)
        known = registry.tenants.get_by_domain(tenant) if tenant is not None else None
        projects = [models.project_of(known.context)] if known is not None else [each for each, _ in models.projects()]
        done = [
            models.train(project, rasa=rasa, force=force, wait=wait, on_step=shown.of(project.name))
            for project in projects
        ]
    if as_json:
        print_json([_summary(each) for each in done])
        return
    for each in done:
        _print_trained(each)


class _Steps:
    """What a training is at, in the bar; in a file, which has none, that it waits for another."""

    def __init__(self, bar: Progress) -> None:
        self._bar = bar

    def of(self, project: str) -> Callable[[TrainingStep], None]:
        from components.helpdesk.understanding.training_lock import WAITING

        task = self._bar.add_task(project, total=None)
        said = False

        def show(step: TrainingStep) -> None:
            nonlocal said
            if step.what == WAITING and not said and self._bar.disable:
                err.print(f"{project}: {WAITING}, at most {step.total} s", markup=False, soft_wrap=True)
                said = True
            self._bar.update(task, description=f"{project}: {step.what}", completed=step.done, total=step.total or None)

        return show


@app.command()
def status(as_json: AsJson = False) -> None:
    """Which engine leads for whom, with which figures, and whether Rasa answers."""
    from apps.cli.nlu_status import project_status

    with open_registry() as registry:
        found = project_status(registry.settings, registry.tenants.list())
    if as_json:
        print_json([asdict(each) for each in found])
        return
    table = plain_table("project", "version", "leads", "F1 local", "F1 Rasa", "tenants")
    for each in found:
        figures = [f"{each.macro_f1[engine]:.3f}" if engine in each.macro_f1 else "-" for engine in ("local", "rasa")]
        tenants = ", ".join(
            f"{one.domain} ({one.first})" if one.first != each.leader else one.domain for one in each.tenants
        )
        version = f"{each.version or 'not trained'}{' (files have changed)' if each.is_outdated else ''}"
        table.add_row(each.project, version, each.leader or "-", *figures, tenants or "-")
    out.print(table)
    for each in found:
        said = f"{each.reason}; " if each.reason else ""
        out.print(f"{each.project}: {said}does Rasa answer: {each.rasa}", markup=False, style="dim", soft_wrap=True)
    if any(each.is_outdated for each in found):
        out.print("next: helpdesk nlu train", markup=False)


@app.command()
def parse(
    text: Annotated[str, typer.Argument(help="A customer's message.")], tenant: OfTenant, as_json: AsJson = False
) -> None:
    """Understand one message as the chat of this tenant does.

    Example: helpdesk nlu parse "where is my order NT-104432" --tenant northtrail.example
    """
    from apps.cli.bundled_rasa import find_rasa_url
    from components.helpdesk.tenant_config import read_config
    from components.helpdesk.understanding.understanding import Understandings

    with _opened() as (registry, embedder):
        known = registry.tenants.get_by_domain(tenant)
        settings = registry.settings
        understandings = Understandings(
            settings.data_dir,
            embedder,
            lambda context: read_config(registry.tenants.get(context.tenant_id).config).nlu,
            rasa_url=find_rasa_url(settings),
            rasa_deadline=settings.rasa_deadline,
        )
        try:
            understood = understandings.understand(known.context, text, deadline=settings.request_deadline)
        finally:
            understandings.close()
    if as_json:
        print_json({**asdict(understood), "understood": understood.understood})
    else:
        _print_understood(understood)


@app.command("import")
def import_folder(
    folder: Annotated[Path, typer.Argument(help="Folder with Rasa's files: nlu.yml, domain.yml, …")],
    tenant: OfTenant,
    as_json: AsJson = False,
) -> None:
    """Give a tenant an NLU project of its own. The files are checked and copied; those before them are kept beside.

    Example: helpdesk nlu import ./my-nlu --tenant shop.example
    """
    from components.helpdesk.understanding.project_import import import_project

    with open_registry() as registry:
        known = registry.tenants.get_by_domain(tenant)
        done = import_project(folder, registry.settings.data_dir, known.context)
    if as_json:
        print_json(asdict(done))
        return
    for problem in done.problems:
        warn(problem)
    out.print(f"{tenant}: {done.intents} intents, {done.messages} examples, in {done.folder}", markup=False)
    out.print(f"next: helpdesk nlu train --tenant {tenant}", markup=False)


@contextmanager
def _opened() -> Iterator[tuple[Registry, Embedder]]:
    """The registry and the embedder: all that training and understanding need."""
    from components.core.settings import quiet_third_parties

    quiet_third_parties()
    from components.models.embedder_factory import embedder_from_settings

    with open_registry() as registry:
        yield registry, embedder_from_settings(registry.settings)


def _summary(done: TrainedProject) -> dict[str, Any]:
    evaluation = done.evaluation
    return {
        "project": done.project.name,
        "trained": done.trained,
        "seconds": round(done.seconds, 3),
        **asdict(
            replace(evaluation, engines=tuple(replace(each, intents=(), confusions=()) for each in evaluation.engines))
        ),
    }


def _print_trained(done: TrainedProject) -> None:
    evaluation = done.evaluation
    what = f"trained {' and '.join(done.trained)} in {done.seconds:.0f} s" if done.trained else "nothing has changed"
    out.print(f"{done.project.name} version {evaluation.version}: {what}", markup=False, style="bold")
    out.print(f"  {evaluation.reason}", markup=False, soft_wrap=True)
    for engine, why in evaluation.failed.items():
        warn(f"{done.project.name}: {engine} was not trained: {why}")
    if not evaluation.promoted:
        warn(f"{done.project.name}: the version before goes on serving; --force lets this one serve all the same")


def _print_understood(understood: Understanding) -> None:
    sure = "" if understood.understood else f", below the threshold {understood.threshold:.2f}: not understood"
    out.print(f"{understood.intent or 'no intent'} ({understood.confidence:.2f}{sure})", markup=False, style="bold")
    for ranked in understood.ranking[1:4]:
        out.print(f"  {ranked.name} {ranked.confidence:.2f}", markup=False, style="dim")
    for entity in understood.entities:
        out.print(f"  {entity.name} = {entity.value!r} (from {entity.text!r})", markup=False)
    if understood.response:
        out.print(f"  small talk: {understood.response}", markup=False)
    out.print(f"by {understood.engine} in {understood.seconds * 1000:.0f} ms", markup=False, style="dim")
    if understood.fallback:
        warn(f"not by the engine that leads: {understood.fallback}")
