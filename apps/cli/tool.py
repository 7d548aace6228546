"""`helpdesk tool`: what a tenant's helpdesk can do, what it did, and what waits for a person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, get_args
from uuid import UUID, uuid4

import typer

from apps.cli.console import out, print_json
from apps.cli.context import AsJson
from apps.cli.tenant import Domain
from apps.cli.tool_arguments import read_arguments
from apps.cli.tool_desk import open_desk, open_records
from apps.cli.tool_import import add_import_commands
from apps.cli.tool_printing import print_approvals, print_call, print_calls, print_tool, tool_table
from components.core.errors import InvalidInput, Unavailable

if TYPE_CHECKING:
    from components.tools.invocation import Invocation

app = typer.Typer(help="Call a tenant's tools, look at calls, decide on those that wait.", no_args_is_help=True)
add_import_commands(app)

Call = Annotated[UUID, typer.Argument(metavar="CALL", help="The call's id.")]
ApprovalId = Annotated[UUID, typer.Argument(metavar="APPROVAL", help="The approval's id.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Do nothing; show what it would be.")]
Key = Annotated[str | None, typer.Option(help="The same key again makes no second call.")]
Comment = Annotated[str, typer.Option(help="Why; whoever asked for the call is told.")]


@app.command("list")
def list_tools(domain: Domain, as_json: AsJson = False) -> None:
    """The tools there are, and what the tenant's configuration says of each.

    Example: helpdesk tool list shop.example
    """
    with open_desk(domain) as desk:
        offered = desk.tools.offered(desk.tenant)
    if as_json:
        print_json([{"tool": each.tool.spec, "rules": each.rules} for each in offered])
        return
    out.print(tool_table(offered) if offered else "there is no tool")


@app.command()
def show(
    domain: Domain, name: Annotated[str, typer.Argument(help="The tool's name.")], as_json: AsJson = False
) -> None:
    """A tool: what it takes and gives, and who may call it."""
    with open_desk(domain) as desk:
        desk.tools.get(desk.tenant, name)
        offered = next(each for each in desk.tools.offered(desk.tenant) if each.tool.spec.name == name)
    if as_json:
        print_json({"tool": offered.tool.spec, "rules": offered.rules})
    else:
        print_tool(offered)


@app.command()
def invoke(
    domain: Domain,
    name: Annotated[str, typer.Argument(help="The tool's name.")],
    arguments: Annotated[list[str] | None, typer.Argument(help="One JSON object, or name=value for each.")] = None,
    key: Key = None,
    dry_run: DryRun = False,
    conversation: Annotated[UUID | None, typer.Option(help="For whose customer it is done.")] = None,
    as_json: AsJson = False,
) -> None:
    """Call a tool, as the operator: nobody is asked first.

    Example: helpdesk tool invoke shop.example create_ticket subject="The zip is broken" priority=high --dry-run
    """
    with open_desk(domain, tool=name) as desk:
        given = read_arguments(arguments or [], desk.tools.get(desk.tenant, name).spec.input_schema)
        if conversation is not None:
            desk.conversations.get(desk.tenant.context, conversation)
        made = desk.tools.invoke(
            desk.tenant,
            name,
            given,
            desk.operator,
            key=_kept(key),
            conversation_id=conversation,
            dry_run=dry_run,
        )
    _print_made(made, as_json)


@app.command()
def calls(
    domain: Domain,
    call: Annotated[UUID | None, typer.Argument(metavar="[CALL]", help="Only this one, whole.")] = None,
    tool: Annotated[str | None, typer.Option(help="Of this tool.")] = None,
    status: Annotated[str | None, typer.Option(help="running, waiting, done, failed, refused or unknown.")] = None,
    conversation: Annotated[UUID | None, typer.Option(help="For this conversation.")] = None,
    run: Annotated[UUID | None, typer.Option(help="Of this run.")] = None,
    limit: Annotated[int, typer.Option(help="At most so many, 1 to 200.")] = 20,
    as_json: AsJson = False,
) -> None:
    """Calls that were made, the newest first.

    Example: helpdesk tool calls shop.example --status failed
    """
    with open_records(domain) as (tenant, tools, _):
        if call is not None:
            _print_made(tools.invocation(tenant, call), as_json)
            return
        from components.tools.invocation import InvocationStatus

        wanted = None if status is None else _one_of(get_args(InvocationStatus), status)
        found = tools.invocations(
            tenant, tool=tool, status=wanted, conversation_id=conversation, run_id=run, limit=limit
        )
    if as_json:
        print_json(found)
        return
    print_calls(found)


@app.command()
def undo(domain: Domain, call: Call, as_json: AsJson = False) -> None:
    """Take a call back, once.

    Example: helpdesk tool undo shop.example 6f1d…
    """
    with open_desk(domain) as desk:
        made = desk.tools.undo(desk.tenant, call, desk.operator)
    _print_made(made, as_json)


@app.command()
def replay(domain: Domain, call: Call, key: Key = None, dry_run: DryRun = False, as_json: AsJson = False) -> None:
    """Make the same call once more.

    Example: helpdesk tool replay shop.example 6f1d… --dry-run
    """
    with open_desk(domain) as desk:
        made = desk.tools.replay(desk.tenant, call, desk.operator, key=_kept(key), dry_run=dry_run)
    _print_made(made, as_json)


@app.command()
def approvals(
    domain: Domain,
    status: Annotated[str, typer.Option(help="pending, approved, refused, expired, or all.")] = "pending",
    limit: Annotated[int, typer.Option(help="At most so many, 1 to 200.")] = 50,
    as_json: AsJson = False,
) -> None:
    """Calls that wait for a person, the oldest first.

    Example: helpdesk tool approvals shop.example
    """
    with open_records(domain) as (tenant, _, waiting):
        from components.tools.approvals import ApprovalStatus

        wanted = None if status == "all" else _one_of(get_args(ApprovalStatus), status)
        found = waiting.search(tenant.context, status=wanted, limit=limit)
    if as_json:
        print_json(found)
    else:
        print_approvals(found, domain)


@app.command()
def approve(domain: Domain, approval: ApprovalId, comment: Comment = "", as_json: AsJson = False) -> None:
    """Have a call that waits made.

    Example: helpdesk tool approve shop.example 6f1d… --comment "they are right"
    """
    _decide(domain, approval, True, comment, as_json)


@app.command()
def refuse(domain: Domain, approval: ApprovalId, comment: Comment = "", as_json: AsJson = False) -> None:
    """Have a call that waits never made."""
    _decide(domain, approval, False, comment, as_json)


def _decide(domain: str, approval_id: UUID, approve: bool, comment: str, as_json: bool) -> None:
    with open_desk(domain) as desk:
        context = desk.tenant.context
        decided = desk.approvals.decide(context, approval_id, approve=approve, agent_id=None, comment=comment)
        if decided.invocation.run_id is None:
            try:
                desk.tools.resume(desk.tenant, decided.invocation.invocation_id)
            except Unavailable as error:
                again = f"helpdesk tool replay {domain} {decided.invocation.invocation_id}"
                out.print(f"it was not made: {error.message}; once more: {again}", markup=False)
        told = desk.approvals.get(context, approval_id)
    if as_json:
        print_json(told)
        return
    out.print(f"{told.status}", markup=False)
    if told.invocation.run_id is not None:
        out.print(f"its run goes on: helpdesk run show {domain} {told.invocation.run_id}", markup=False)
    print_call(told.invocation)


def _print_made(made: Invocation, as_json: bool) -> None:
    if as_json:
        print_json(made)
    else:
        print_call(made)


def _kept(key: str | None) -> str:
    return f"cli/{key or uuid4().hex}"


def _one_of(allowed: tuple[str, ...], status: str) -> Any:
    """Raises InvalidInput."""
    if status not in allowed:
        raise InvalidInput(f"--status={status[:40]!r}: {', '.join(allowed)} are allowed", field="status")
    return status
