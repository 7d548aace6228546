"""`helpdesk ticket`: a tenant's tickets at the command line: find, open, change, comment."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer
from rich.markup import escape

from apps.cli.console import out, plain_table, print_json
from apps.cli.context import AsJson, open_registry
from apps.cli.tenant import Domain
from components.core.errors import InvalidInput, NotFound

if TYPE_CHECKING:
    from components.core.tenant import TenantContext
    from components.helpdesk.handover.agents import Agents
    from components.helpdesk.tickets.sla import ClockReading
    from components.helpdesk.tickets.ticket_event import Actor, TicketEvent
    from components.helpdesk.tickets.ticket_input import Assignee
    from components.helpdesk.tickets.tickets import Tickets, TicketView

app = typer.Typer(help="Find, open, change and comment on a tenant's tickets.", no_args_is_help=True)

Ref = Annotated[str, typer.Argument(metavar="TICKET", help="Number or id.")]
Tags = Annotated[list[str] | None, typer.Option("--tag", help="Give it again for more.")]
AssignTo = Annotated[str | None, typer.Option("--assign", help="E-mail address or id of an agent; nobody.")]


@app.command("list")
def list_tickets(
    domain: Domain,
    words: Annotated[str, typer.Argument(metavar="[WORDS]", help="All of which they have.")] = "",
    status: Annotated[list[str] | None, typer.Option(help="open, pending, resolved, closed; again for more.")] = None,
    priority: Annotated[list[str] | None, typer.Option(help="low, normal, high, urgent; again for more.")] = None,
    assigned_to: Annotated[str | None, typer.Option(help="E-mail address or id of an agent; nobody.")] = None,
    team: Annotated[str, typer.Option(help="Of this team.")] = "",
    tag: Annotated[str, typer.Option(help="With this tag.")] = "",
    requester: Annotated[str, typer.Option(help="E-mail address, telephone number, or part of the name.")] = "",
    cursor: Annotated[str, typer.Option(help="Of the next page, as the page before said.")] = "",
    limit: Annotated[int, typer.Option(help="At most so many, 1 to 100.")] = 20,
    as_json: AsJson = False,
) -> None:
    """Tickets, the newest first.

    Example: helpdesk ticket list shop.example zip --status open --assigned-to nobody
    """
    with _desk(domain) as (tickets, agents, tenant, _):
        from components.helpdesk.tickets.search import TicketQuery

        query = TicketQuery(
            q=words,
            status=tuple(status or ()),
            priority=tuple(priority or ()),
            assigned_to=_assignee(agents, tenant, assigned_to),
            team=team,
            tag=tag,
            requester=requester,
            cursor=cursor,
            limit=limit,
        )
        page = tickets.search(tenant, query)
        names = {agent.agent_id: agent.name for agent in agents.list(tenant)}
    if as_json:
        print_json(page)
        return
    table = plain_table("number", "status", "priority", "first response", "resolution", "for", "subject")
    for view in page.tickets:
        ticket = view.ticket
        whose = names.get(ticket.assigned_to, "left") if ticket.assigned_to else ticket.team or "nobody"
        clocks = (_clock(view.clocks.first_response), _clock(view.clocks.resolution))
        said = (escape(whose), escape(ticket.subject))
        table.add_row(str(ticket.number), ticket.status, ticket.priority, *clocks, *said)
    out.print(table if page.tickets else "no such ticket")
    if page.next:
        out.print(f"more with --cursor {page.next}", markup=False)


@app.command()
def show(domain: Domain, ticket: Ref, as_json: AsJson = False) -> None:
    """A ticket and its events."""
    with _desk(domain) as (tickets, _, tenant, _):
        view, events = tickets.history(tenant, _ref(ticket))
    if as_json:
        print_json({"ticket": view.ticket, "clocks": view.clocks, "events": events})
        return
    _print_ticket(view)
    for event in events:
        _print_event(event)


@app.command()
def create(
    domain: Domain,
    subject: Annotated[str, typer.Argument(help="What it is about.")],
    description: Annotated[str, typer.Option(help="All there is to say.")] = "",
    priority: Annotated[str, typer.Option(help="low, normal, high or urgent.")] = "normal",
    name: Annotated[str, typer.Option(help="The requester's.")] = "",
    email: Annotated[str, typer.Option(help="The requester's.")] = "",
    assign: AssignTo = None,
    team: Annotated[str, typer.Option(help="The team that it is for.")] = "",
    tag: Tags = None,
    key: Annotated[str | None, typer.Option(help="The same key again opens no second ticket.")] = None,
    as_json: AsJson = False,
) -> None:
    """Open a ticket.

    Example: helpdesk ticket create shop.example "The zip is broken" --priority high --email ada@example.com
    """
    with _desk(domain) as (tickets, agents, tenant, actor):
        from components.helpdesk.tickets.ticket import Requester
        from components.helpdesk.tickets.ticket_input import NewTicket

        whose = _assignee(agents, tenant, assign)
        new = NewTicket(
            subject,
            description,
            priority,
            Requester(name, email),
            channel="cli",
            assigned_to=whose if isinstance(whose, UUID) else None,
            team=team,
            tags=tuple(tag or ()),
        )
        view, _ = tickets.create(tenant, new, actor=actor, request_key=None if key is None else f"cli/{key}")
    _print_changed(view, as_json)


@app.command("set")
def change(
    domain: Domain,
    ticket: Ref,
    status: Annotated[str | None, typer.Option(help="open, pending, resolved or closed.")] = None,
    priority: Annotated[str | None, typer.Option(help="low, normal, high or urgent.")] = None,
    assign: AssignTo = None,
    team: Annotated[str | None, typer.Option(help='"" for none.')] = None,
    tag: Tags = None,
    subject: Annotated[str | None, typer.Option(help="What it is about.")] = None,
    as_json: AsJson = False,
) -> None:
    """Change a ticket. With --tag, those given are all that it has then.

    Example: helpdesk ticket set shop.example 7 --status pending --assign anna@shop.example
    """
    with _desk(domain) as (tickets, agents, tenant, actor):
        from components.helpdesk.tickets.ticket_input import TicketChange

        wished = TicketChange(status, priority, _assignee(agents, tenant, assign), team, tag, subject)
        view = tickets.change(tenant, _ref(ticket), wished, actor=actor)
    _print_changed(view, as_json)


@app.command()
def comment(
    domain: Domain,
    ticket: Ref,
    text: Annotated[str, typer.Argument(help="What there is to say.")],
    public: Annotated[bool, typer.Option("--public", help="The customer may see it.")] = False,
    as_json: AsJson = False,
) -> None:
    """Comment on a ticket; only staff sees it unless it is public."""
    with _desk(domain) as (tickets, _, tenant, actor):
        from components.helpdesk.tickets.ticket_input import Comment

        view = tickets.comment(tenant, _ref(ticket), Comment(text, public), actor=actor)
    _print_changed(view, as_json)


@contextmanager
def _desk(domain: str) -> Iterator[tuple[Tickets, Agents, TenantContext, Actor]]:
    from components.helpdesk.tickets.ticket_event import Actor
    from components.helpdesk.tickets.tickets import Tickets

    with open_registry() as registry:
        tenant = registry.tenants.get_by_domain(domain).context
        yield Tickets(registry.database), registry.agents, tenant, Actor("operator")


def _ref(text: str) -> UUID | int:
    if text.isascii() and text.isdecimal():
        return int(text)
    try:
        return UUID(text)
    except ValueError:
        raise InvalidInput(f"ticket={text!r}: a ticket's id or number is allowed", field="ticket") from None


def _assignee(agents: Agents, tenant: TenantContext, said: str | None) -> Assignee | None:
    if said is None:
        return None
    if said == "nobody":
        return "nobody"
    for agent in agents.list(tenant):
        if said.strip().lower() in (agent.email, str(agent.agent_id)):
            return agent.agent_id
    raise NotFound(f"no agent of {said!r}: an e-mail address or id of one, or nobody, is allowed", field="assign")


def _clock(reading: ClockReading | None) -> str:
    if reading is None:
        return "-"
    minutes = abs(reading.seconds_left) / 60
    left = f"{minutes / 60:.1f} h" if minutes >= 90 else f"{minutes:.0f} min"
    return f"{reading.state}, {left} {'late' if reading.seconds_left < 0 else 'left'}"


def _print_changed(view: TicketView, as_json: bool) -> None:
    if as_json:
        print_json({"ticket": view.ticket, "clocks": view.clocks})
    else:
        _print_ticket(view)


def _print_ticket(view: TicketView) -> None:
    ticket, clocks = view.ticket, view.clocks
    requester = " ".join(part for part in vars(ticket.requester).values() if part)
    _line(f"ticket {ticket.number}: {ticket.subject}", style="bold")
    facts = {
        "status": f"{ticket.status}, {ticket.priority}, version {ticket.version}",
        "requester": requester,
        "assigned": str(ticket.assigned_to or ""),
        "team": ticket.team,
        "tags": ", ".join(ticket.tags),
        "response": _clock(clocks.first_response),
        "resolution": _clock(clocks.resolution),
        "merged": f"into {ticket.merged_into}" if ticket.merged_into else "",
        "opened": f"{ticket.created_at:%Y-%m-%d %H:%M} UTC, {ticket.channel or 'unknown channel'}, {ticket.ticket_id}",
    }
    for name, fact in facts.items():
        if fact:
            _line(f"{name:<11}{fact}")
    if ticket.description:
        _line(ticket.description)


def _print_event(event: TicketEvent) -> None:
    actor = event.actor.name or event.actor.kind
    changes = "" if event.kind == "created" else ", ".join(f"{name}: {value}" for name, value in event.changes.items())
    _line(f"{event.number:>3} {event.at:%Y-%m-%d %H:%M} {actor} {event.kind} {changes}".rstrip(), style="dim")
    if event.kind == "commented":
        _line(f"    {event.details['text']}" + ("" if event.details["public"] else " (staff only)"))


def _line(text: str, style: str | None = None) -> None:
    out.print(text, markup=False, soft_wrap=True, style=style)
