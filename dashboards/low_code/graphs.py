"""A tenant's flows and workflows as pictures: a click on a node shows what is written there."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html import escape

import panel as pn
import yaml

from components.agents.workflows.graph_svg import draw_svg
from components.core.errors import InvalidWorkflow
from components.core.tenant import Tenant
from components.dialogue.flow import MAIN
from components.dialogue.flow_releases import FlowReleases
from components.dialogue.flow_svg import draw_flow
from dashboards.desk import Desk
from dashboards.graph_view import GraphView
from dashboards.low_code.present import stored_workflows

_TEXT = "pre{white-space:pre-wrap;margin:0;font:13px/1.45 ui-monospace,Menlo,monospace}"


@dataclass(frozen=True)
class Drawn:
    """svg: the picture. written: what stands in the file for each node, by its name."""

    svg: str
    written: Mapping[str, str]


def flow_graphs(desk: Desk, tenant: Tenant) -> pn.Column:
    """The flows that hold now."""
    releases = FlowReleases(desk.registry.database)
    flows = releases.active(tenant.context)
    files = releases.files(tenant.context, flows.version)

    def draw(flow_id: str) -> Drawn:
        return Drawn(draw_flow(flows, flow_id), _nodes_of(files, flow_id))

    return _chooser("Flow", sorted(flows.flows, key=lambda name: (name != MAIN, name)), draw)


def workflow_graphs(desk: Desk, tenant: Tenant) -> pn.Column:
    """The workflows that the tenant may run."""
    found = {each.name: each for each in stored_workflows(desk, tenant)}

    def draw(name: str) -> Drawn:
        try:
            workflow = found[name].read()
        except InvalidWorkflow as error:
            return Drawn("", {"": error.message})
        nodes = [node for node in found[name].document["nodes"] if isinstance(node, dict)]
        written = {str(node.get("name")): json.dumps(node, indent=2, ensure_ascii=False) for node in nodes}
        return Drawn(draw_svg(workflow, {}), written)

    return _chooser("Workflow", list(found), draw)


def _nodes_of(files: Mapping[str, str], flow_id: str) -> Mapping[str, str]:
    """As they stand in the flow's own file."""
    text = next((text for name, text in files.items() if name.rpartition(".")[0].rpartition("/")[2] == flow_id), "")
    written = yaml.safe_load(text) if text else None
    nodes = written.get("nodes", []) if isinstance(written, dict) else []
    return {str(each["id"]): yaml.safe_dump(each, sort_keys=False, allow_unicode=True, width=90) for each in nodes}


def _chooser(what: str, names: list[str], draw: Callable[[str], Drawn]) -> pn.Column:
    if not names:
        return pn.Column(pn.pane.Markdown(f"No {what.lower()} yet."))
    choose = pn.widgets.Select(label=what, options=names, width=320)
    view = GraphView(sizing_mode="stretch_width", margin=(6, 10))
    said = pn.pane.HTML(stylesheets=[_TEXT], sizing_mode="stretch_width")
    shown: dict[str, Drawn] = {}

    def tell(_: object = None) -> None:
        drawn = shown["now"]
        text = drawn.written.get(view.node) or drawn.written.get("")
        hint = "Choose a node in the picture to see what is written there."
        outside = "It is left here: choose another node." if view.node else hint
        said.object = f"<pre>{escape(text)}</pre>" if text else f"<p>{outside}</p>"

    def show(_: object = None) -> None:
        shown["now"] = draw(choose.value)
        view.param.update(svg=shown["now"].svg, node="")
        tell()

    choose.param.watch(show, "value")
    view.param.watch(tell, "node")
    show()
    return pn.Column(choose, view, pn.pane.Markdown("#### What is written there", margin=(8, 10, 0, 10)), said)
