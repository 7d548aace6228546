"""`helpdesk notebook`: run the notebooks of the workbench without opening them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from apps.cli.console import out, print_error, print_json, progress_bar
from apps.cli.context import AsJson, open_registry
from components.core.errors import InvalidInput

app = typer.Typer(help="Run notebooks with parameters, and keep what they show.", no_args_is_help=True)


@app.command("list")
def list_notebooks(as_json: AsJson = False) -> None:
    """Those there are, what they are for, and their parameters."""
    from components.helpdesk.notebooks.notebook import notebooks

    found = notebooks()
    if as_json:
        print_json([{"name": each.name, "purpose": each.purpose, "parameters": each.parameters} for each in found])
        return
    for each in found:
        out.print(f"[bold]{each.name}[/]")
        out.print(f"  {each.purpose}", markup=False, soft_wrap=True)
        for parameter in each.parameters:
            out.print(f"    -p {parameter.name}={parameter.default}", markup=False, soft_wrap=True, end="  ")
            out.print(parameter.meaning, markup=False, soft_wrap=True, style="dim")


@app.command()
def run(
    name: Annotated[str, typer.Argument(help="From `helpdesk notebook list`, or the path of an .ipynb of your own.")],
    tenant: Annotated[str, typer.Option(help="Domain of the tenant whose data it works on.")],
    parameter: Annotated[
        list[str] | None, typer.Option("--parameter", "-p", metavar="KEY=VALUE", help="May be given again and again.")
    ] = None,
    rendered: Annotated[
        Path | None, typer.Option("--out", help="The .ipynb to write, instead of one with the tenant's files.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Run a notebook from top to bottom; the notebook with its outputs, and the same as an HTML page, are kept.

    One that fails half-way keeps what it had shown until then, says which cell it was, and exits with 1.

    Example: helpdesk notebook run why_this_answer --tenant northtrail.example
    """
    from components.helpdesk.notebooks.kept import Rendered, new_rendering
    from components.helpdesk.notebooks.notebook import TENANT, get_notebook
    from components.helpdesk.notebooks.running import run_notebook

    notebook = get_notebook(name)
    values = notebook.read_parameters(_pairs(parameter or []) | {TENANT: tenant})
    with open_registry() as registry:
        context = registry.tenants.get_by_domain(tenant).context
        if rendered is not None:
            kept = Rendered(_writable(rendered), rendered.with_suffix(".html"))
        else:
            kept = new_rendering(registry.settings.data_dir, context, notebook.name)
        # Its database stays while the kernel starts, so that the kernel finds it running.
        with progress_bar(as_json=as_json) as bar:
            task = bar.add_task(f"{notebook.name}: starting", total=None)

            def show(cell: int, cells: int) -> None:
                bar.update(task, completed=cell - 1, total=cells, description=f"{notebook.name}: cell {cell}")

            done = run_notebook(notebook, values, kept, show)
    if as_json:
        print_json(done)
    else:
        out.print(f"{done.rendered.notebook}\n{done.rendered.page}", markup=False, soft_wrap=True)
    if done.failure is not None:
        until = f"what it showed until then is in {done.rendered.page}"
        print_error(f"{notebook.name}: {done.failure}; {until}", "notebook_failed", as_json=as_json)
        raise typer.Exit(1)


def _pairs(words: list[str]) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or not name:
            raise InvalidInput(f"-p {word!r}: KEY=VALUE is allowed", field="parameter")
        if name in pairs:
            raise InvalidInput(f"-p {name} is given twice", field=name)
        pairs[name] = value
    return pairs


def _writable(path: Path) -> Path:
    if path.suffix != ".ipynb":
        raise InvalidInput(f"--out={path}: a name that ends in .ipynb is allowed", field="out")
    path.parent.mkdir(parents=True, exist_ok=True)
    return path
