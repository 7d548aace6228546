"""The `helpdesk` command: one entry, quick to answer, errors as one line."""

from __future__ import annotations

import sys

import typer

from apps.cli import ask, evaluate, ingest, serve, tenant, up
from apps.cli.console import print_error
from components.core.errors import HelpdeskError, InvalidInput

app = typer.Typer(
    name="helpdesk",
    help="A self-hosted, multi-tenant AI helpdesk: answers from each tenant's own knowledge, with citations.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
)


@app.callback()
def _options(
    debug: bool = typer.Option(False, "--debug", help="Show the traceback of an error. Goes before the command."),
) -> None:
    """Options before the command."""


app.command("up")(up.up)
app.command("serve")(serve.serve)
app.command("ask")(ask.ask)
app.command("ingest")(ingest.ingest)
app.add_typer(tenant.app, name="tenant")
app.add_typer(evaluate.app, name="evaluate")


def main() -> None:
    """Exit status: 0 done, 1 failed, 2 called with something that the caller can correct."""
    arguments = sys.argv[1:]
    as_json, debug = "--json" in arguments, "--debug" in arguments
    try:
        status = app(args=arguments, standalone_mode=False)
    except typer.Exit as error:
        sys.exit(error.exit_code)
    except typer.TyperException as error:
        print_error(f"{error.format_message()} (--help shows what is allowed)", "usage", as_json=as_json)
        sys.exit(2)
    except (typer.Abort, KeyboardInterrupt):
        sys.exit(130)
    except HelpdeskError as error:
        if debug:
            raise
        print_error(error.message, error.code, as_json=as_json)
        sys.exit(2 if isinstance(error, InvalidInput) else 1)
    except BrokenPipeError:
        sys.exit(1)
    except Exception as error:  # The last edge: a person gets a line, and --debug the traceback.
        if debug:
            raise
        print_error(f"{type(error).__name__}: {error} (see it whole with --debug)", "internal_error", as_json=as_json)
        sys.exit(1)
    sys.exit(status if isinstance(status, int) else 0)


if __name__ == "__main__":
    main()
