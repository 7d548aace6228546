"""What keeps a workflow from running, all of it by name, before anything runs."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from components.agents.workflows.credentials import unresolved
from components.agents.workflows.document import read_with_problems, require_none
from components.agents.workflows.expression_globals import GLOBALS
from components.agents.workflows.expression_syntax import Call, Expression, Literal, Member, Root, children
from components.agents.workflows.node_kinds import KINDS, MANUAL_TYPE, REFUSED, WEBHOOK_TYPE
from components.agents.workflows.nodes.tool_invoker import TOOL_INVOKER
from components.agents.workflows.scope import KNOWN_ROOTS
from components.agents.workflows.templates import templates_in
from components.agents.workflows.workflow import Node, Problem, Workflow
from components.core.errors import InvalidWorkflow, ToolNotAllowed, ToolNotFound
from components.core.tenant import Tenant
from components.tools.permission import rules_for
from components.tools.registry import ToolRegistry
from components.tools.tool import Caller

_CALLER = Caller("workflow")


def check_workflow(workflow: Workflow) -> tuple[Problem, ...]:
    """What is wrong with it whoever runs it: types and parameters of nodes, expressions, connections."""
    return tuple(_check(workflow))


def find_problems(document: Mapping[str, Any], name: str = "") -> tuple[Problem, ...]:
    """All that keeps a document from running whoever runs it, its form among it."""
    workflow, found = read_with_problems(document, name)
    return (*found, *check_workflow(workflow)) if workflow.nodes else found


def check_credentials(workflow: Workflow, tenant: Tenant) -> tuple[Problem, ...]:
    """Those that a tenant lacks. Raises InvalidInput for a configuration that does not read."""
    return tuple(problem for node in workflow.nodes if not node.disabled for problem in unresolved(node, tenant))


def check_for_tenant(workflow: Workflow, tenant: Tenant, tools: ToolRegistry) -> tuple[Problem, ...]:
    """What a tenant lacks: credentials, tools, the permission to use one. Raises InvalidInput for a configuration that
    does not read, DatabaseUnavailable."""
    found = list(check_credentials(workflow, tenant))
    for node in workflow.nodes:
        tool = node.parameters.get("tool")
        if not node.disabled and KINDS.get(node.type) is TOOL_INVOKER and isinstance(tool, str) and "{{" not in tool:
            try:
                spec = tools.get(tenant, tool.removeprefix("=")).spec
                rules_for(tenant, spec).require(spec, _CALLER)
            except (ToolNotFound, ToolNotAllowed) as error:
                found.append(Problem(node.name, error.message))
    return tuple(found)


def require_runnable(workflow: Workflow, tenant: Tenant, tools: ToolRegistry) -> None:
    """Raises InvalidWorkflow that tells all that keeps it from running."""
    require_none(workflow.name, (*check_workflow(workflow), *check_for_tenant(workflow, tenant, tools)))


def _check(workflow: Workflow) -> Iterator[Problem]:
    for node in workflow.nodes:
        if node.disabled:
            continue
        kind = KINDS.get(node.type)
        if node.type in REFUSED:
            yield Problem(node.name, f"the type {node.type} is not allowed: {REFUSED[node.type]}")
        elif kind is None:
            yield Problem(node.name, f"the type {node.type[:100]} is not supported: {', '.join(KINDS)} are")
        else:
            yield from (Problem(node.name, said) for said in kind.check(node))
            yield from _check_links(workflow, node)
        yield from _check_expressions(workflow, node)
    yield from _check_start(workflow)


def _check_links(workflow: Workflow, node: Node) -> Iterator[Problem]:
    kind = KINDS[node.type]
    outputs = kind.outputs(node) + (node.on_error == "error_output")
    highest = max((link.output for link in workflow.links if link.source == node.name), default=0)
    if highest >= outputs:
        yield Problem(node.name, f"its output {highest + 1} is connected, and it has {outputs}")
    inputs = max(workflow.inputs(node.name), default=0)
    if inputs >= kind.inputs(node):
        yield Problem(node.name, f"its input {inputs + 1} is connected, and it has {kind.inputs(node)}")
    if kind.is_trigger and workflow.inputs(node.name):
        yield Problem(node.name, "it begins a workflow, and something is connected to it")


def _check_start(workflow: Workflow) -> Iterator[Problem]:
    hooks = [node.name for node in workflow.nodes if node.type == WEBHOOK_TYPE and not node.disabled]
    if len(hooks) > 1:
        yield Problem(hooks[1], f"a workflow has one webhook, and {hooks[0]!r} is one already")
    if len([node for node in workflow.nodes if node.type == MANUAL_TYPE and not node.disabled]) > 1:
        yield Problem("", "a workflow has one manual trigger")
    triggers = [node for node in workflow.nodes if node.type in KINDS and KINDS[node.type].is_trigger]
    if not triggers and len(workflow.roots) != 1:
        named = ", ".join(node.name for node in workflow.roots) or "none"
        yield Problem("", f"it has no trigger, so that one node is to have nothing before it: {named} have")


def _check_expressions(workflow: Workflow, node: Node) -> Iterator[Problem]:
    try:
        pieces = [piece for template in templates_in(node.parameters) for piece in template.pieces]
    except InvalidWorkflow as error:
        yield Problem(node.name, error.message)
        return
    names = {each.name for each in workflow.nodes}
    for piece in pieces:
        for each in _all(piece.expression):
            why = _outside(each, names)
            if why is not None:
                yield Problem(node.name, f"{{{{{piece.text}}}}}: {why}, at character {each.at + 1}")


def _outside(expression: Expression, nodes: Collection[str]) -> str | None:
    """Why it reaches for what there is not."""
    match expression:
        case Root(_, name) if name not in KNOWN_ROOTS and name not in GLOBALS:
            allowed = ", ".join((*sorted(KNOWN_ROOTS), *GLOBALS))
            return f"{name} is outside of what an expression sees, which is {allowed}"
        case Member(_, Root(_, "$node"), Literal(_, str() as name)) if name not in nodes:
            return f"there is no node {name!r}"
        case Call(_, Root(_, "$"), (Literal(_, str() as name),)) if name not in nodes:
            return f"there is no node {name!r}"
    return None


def _all(expression: Expression) -> Iterator[Expression]:
    yield expression
    for each in children(expression):
        yield from _all(each)
