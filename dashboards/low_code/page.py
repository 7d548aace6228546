"""One page of all that can be changed without Python; flows and workflows as pictures; and n8n, where there is one."""

from __future__ import annotations

import json
from html import escape

import panel as pn

from components.core.errors import HelpdeskError
from components.core.tenant import Tenant
from components.helpdesk.access.roles import in_words
from dashboards.desk import Desk
from dashboards.low_code.changeable import CHANGEABLES, Changeable
from dashboards.low_code.graphs import flow_graphs, workflow_graphs
from dashboards.tabs import addressed_tabs
from dashboards.theme import LINE, QUIET
from dashboards.viewer import Viewer

_STYLE = f"""
h2 {{ font-size: 1.1rem; margin: 0 0 2px; }}
p {{ margin: 2px 0 8px; }}
.quiet {{ color: {QUIET}; }}
dl {{ display: grid; grid-template-columns: max-content 1fr; gap: 4px 14px; margin: 8px 0; }}
dt {{ font-weight: 600; }}
dd {{ margin: 0; min-width: 0; overflow-wrap: anywhere; }}
code, pre {{ font: 13px/1.45 ui-monospace, Menlo, monospace; }}
dd code {{ display: block; }}
pre {{ background: #f5f6f8; border: 1px solid {LINE}; border-radius: 6px; padding: 10px; overflow: auto;
  max-height: 420px; }}
summary {{ cursor: pointer; color: #005a8e; padding: 3px 0; overflow-wrap: anywhere; }}
summary:focus-visible {{ outline: 3px solid #005a8e; outline-offset: 2px; }}
article {{ background: #fff; border: 1px solid {LINE}; border-radius: 8px; padding: 14px 16px; margin-bottom: 14px; }}
@media (max-width: 560px) {{ dl {{ grid-template-columns: 1fr; }} }}
"""
_N8N = """
<p>A workflow can be drawn in n8n and imported here. <code>make n8n</code> installs it beside a running helpdesk, with
nodes of our own; where one runs already, <code>HELPDESK_N8N_URL</code> shows it on this page.</p>
"""


def page(desk: Desk, viewer: Viewer) -> pn.viewable.Viewable:
    """The page, of one tenant; for several it asks to choose one, where it depends on the tenant."""
    tenant = viewer.tenant
    listed = pn.pane.HTML(
        "".join(_article(desk, tenant, each) for each in CHANGEABLES), stylesheets=[_STYLE], sizing_mode="stretch_width"
    )
    return addressed_tabs(
        {
            "What can be changed": listed,
            "Flows": flow_graphs(desk, tenant) if tenant else _choose(),
            "Workflows": workflow_graphs(desk, tenant) if tenant else _choose(),
            "n8n": _n8n(desk.settings.n8n_url),
        }
    )


def _article(desk: Desk, tenant: Tenant | None, item: Changeable) -> str:
    steps = "".join(f"<code>{escape(step)}</code>" for step in item.steps(tenant.domain if tenant else "<tenant>"))
    now = f"<dt>Now at {escape(tenant.name)}</dt><dd>{escape(_present(desk, tenant, item))}</dd>" if tenant else ""
    schema = json.dumps(item.schema(), indent=2, ensure_ascii=False)
    return (
        f"<article><h2>{escape(item.title)}</h2><p>{escape(item.about)}</p>"
        f"<dl>{now}<dt>Who</dt><dd>{escape(', '.join(map(in_words, item.who)))}</dd><dt>Where</dt><dd>{steps}</dd></dl>"
        f"<details><summary>An example: {escape(item.file)}</summary><pre tabindex='0'>{escape(item.example())}</pre>"
        f"</details><details><summary>Its JSON Schema</summary><pre tabindex='0'>{escape(schema)}</pre></details>"
        f"</article>"
    )


def _present(desk: Desk, tenant: Tenant, item: Changeable) -> str:
    """What cannot be read is said in its place, and keeps nothing else from being shown."""
    try:
        return item.present(desk, tenant)
    except HelpdeskError as error:
        return f"cannot be read: {error.message}"


def _choose() -> pn.pane.Markdown:
    return pn.pane.Markdown("Choose one tenant above to see its own.")


def _n8n(url: str | None) -> pn.pane.HTML:
    if url is None:
        return pn.pane.HTML(_N8N, stylesheets=[_STYLE], sizing_mode="stretch_width")
    address = escape(url, quote=True)
    frame = (
        f'<p><a href="{address}" target="_blank" rel="noreferrer">Open n8n in a window of its own</a>. Does the field '
        "below stay empty? Then this n8n does not let itself be shown in other pages.</p>"
        f'<iframe title="n8n" src="{address}" sandbox="allow-scripts allow-same-origin allow-forms allow-popups" '
        f'referrerpolicy="no-referrer" style="box-sizing:border-box;width:100%;height:70vh;border:1px solid {LINE}">'
        "</iframe>"
    )
    return pn.pane.HTML(frame, stylesheets=[_STYLE], sizing_mode="stretch_width")
