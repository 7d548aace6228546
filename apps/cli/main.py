"""The `helpdesk` command: one entry, quick to answer, errors as one line."""

from __future__ import annotations

import os
import sys

import typer

from apps.cli import (
    agent,
    answer,
    ask,
    channel,
    evaluate,
    facts,
    flow,
    ingest,
    model,
    nlu,
    outbox,
    plan,
    prompt,
    report,
    run,
    serve,
    shop,
    tenant,
    ticket,
    tool,
    up,
    workflow,
)
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
app.command("report")(report.report)
app.add_typer(tenant.app, name="tenant")
app.add_typer(agent.app, name="agent")
app.add_typer(answer.app, name="answer")
app.add_typer(ticket.app, name="ticket")
app.add_typer(tool.app, name="tool")
app.add_typer(prompt.app, name="prompt")
app.add_typer(model.app, name="model")
app.add_typer(nlu.app, name="nlu")
app.add_typer(flow.app, name="flow")
app.add_typer(channel.app, name="channel")
app.add_typer(outbox.app, name="outbox")
app.add_typer(shop.app, name="shop")
app.add_typer(run.app, name="run")
app.add_typer(plan.app, name="plan")
app.add_typer(workflow.app, name="workflow")
app.add_typer(evaluate.app, name="evaluate")
app.add_typer(facts.app, name="facts")


def main() -> None:
    """Exit status: 0 done, 1 failed, 2 called with something that the caller can correct."""
    os.umask(0o077)  # What is in the data folder is the tenants'; PostgreSQL's own account is let through to its part.
    arguments = sys.argv[1:]
    as_json, debug = "--json" in arguments, "--debug" in arguments
    try:
        status = app(args=arguments, standalone_mode=False)
    except typer.Exit as error:
        sys.exit(error.exit_code)
    except typer.TyperException as error:
        if message := error.format_message():  # none after the help that a bare command prints
            print_error(f"{message} (--help shows what is allowed)", "usage", as_json=as_json)
        sys.exit(2)
    except typer.Abort:
        print_error("not confirmed: nothing was done", "not_confirmed", as_json=as_json)
        sys.exit(1)
    except KeyboardInterrupt:
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
