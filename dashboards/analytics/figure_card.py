"""What stands below every figure: how it is counted, and the same rows as files."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from html import escape
from typing import Any

import panel as pn

from components.helpdesk.reports.definitions import definition_of
from components.helpdesk.reports.exports import About, Export, as_csv, as_parquet
from components.helpdesk.reports.reader import ReportReader
from dashboards.analytics.view import View
from dashboards.tables import STACKED, cell, is_wide
from dashboards.theme import ACCENT, INK, LINE, QUIET

STYLE = f"""
:host {{ color: {INK}; overflow-wrap: break-word; }}
h2 {{ font-size: 1.05rem; margin: 0; }}
h3 {{ font-size: .95rem; margin: 10px 0 2px; }}
p {{ margin: 2px 0 6px; }}
.quiet, p.quiet {{ color: {QUIET}; font-size: .9rem; }}
a {{ color: {ACCENT}; }}
p.empty {{ padding: 1.4rem 0; text-align: center; color: {QUIET}; }}
details {{ font-size: .88rem; }}
summary {{ cursor: pointer; color: {ACCENT}; padding: 3px 0; }}
summary:focus-visible, a:focus-visible, div.rows:focus-visible {{ outline: 3px solid #005a8e; outline-offset: 2px; }}
div.rows {{ overflow-x: auto; }}
table {{ border-collapse: collapse; width: 100%; font-size: .9rem; }}
th, td {{ text-align: left; padding: 5px 14px 5px 0; border-bottom: 1px solid {LINE}; vertical-align: top; }}
td.n, th.n {{ text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }}
{STACKED}"""
# Bokeh's flex boxes give charts no width.
_BESIDE = """
:host { display: grid !important; grid-template-columns: repeat(auto-fit, minmax(min(430px, 100%), 1fr)); }
:host > * { min-width: 0; }
"""
_LINK = f"""
a {{ display: block; text-align: center; line-height: 30px; color: {INK}; background: #f3f3f3; border-radius: 4px;
  text-decoration: none; }}
a:hover {{ background: {LINE}; }}
a:focus-visible {{ outline: 3px solid {ACCENT}; outline-offset: 2px; }}
"""
CARD = ":host { background: #fff; border: 1px solid " + LINE + "; border-radius: 8px; padding: 12px 14px; }"


def figure(view: View, reader: ReportReader, name: str, kind: type, rows: Sequence[Any], shown: pn.Column) -> pn.Column:
    """shown: a chart or `listed`, which gets the rest below it. name: of one of DASHBOARD_QUERIES. rows: of `kind`, as
    the files hold them."""
    about = view.about(name, reader)
    shown.append(below(name, files(about, kind, lambda: rows) if rows else []))
    return shown


def below(name: str, buttons: Sequence[Any]) -> pn.Row:
    """How the figure of that name is counted, and buttons beside it, of `files` or `file_link`."""
    how = pn.pane.HTML(counted(name), stylesheets=[STYLE], sizing_mode="stretch_width", margin=(4, 0, 0, 0))
    return pn.Row(how, *buttons, margin=(6, 0, 0, 0), sizing_mode="stretch_width", css_classes=[f"files-{name}"])


def files(about: About, kind: type, rows: Callable[[], Sequence[Any]]) -> list[pn.widgets.FileDownload]:
    """Buttons that take the rows along. rows: is asked when somebody does."""
    return [
        _file("CSV", lambda: as_csv(kind, rows(), about)),
        _file("Parquet", lambda: as_parquet(kind, rows(), about)),
    ]


def file_link(label: str, address: str) -> pn.pane.HTML:
    """The same for a file that may be long: the browser takes it from its own address."""
    return pn.pane.HTML(
        f"<a download href='{escape(address, quote=True)}'>{escape(label)}</a>",
        stylesheets=[_LINK],
        sizing_mode="fixed",
        width=84,
        height=30,
        margin=(0, 0, 0, 6),
    )


def counted(name: str) -> str:
    """How the figure of that name is counted, as HTML that opens on demand."""
    told = definition_of(name)
    left_out = f"<p><strong>Not in it:</strong> {escape(told.leaves_out)}</p>" if told.leaves_out else ""
    return (
        f"<details><summary>How is this counted?</summary><p><strong>{escape(told.title)}</strong>, "
        f"{escape(told.unit)}. {escape(told.counts)}</p>{left_out}</details>"
    )


def listed(title: str, about: str, columns: Sequence[str], rows: Sequence[Sequence[str]], *, empty: str) -> pn.Column:
    """A table on a card. rows: HTML that is safe already; figures from the second column on. empty: what to do."""
    head = f"<h2>{escape(title)}</h2><p class='quiet'>{escape(about)}</p>"
    if not rows:
        return card(f'{head}<p class="empty">{escape(empty)}</p>')
    names = "".join(f'<th scope="col">{escape(name)}</th>' for name in columns)
    lines = "".join(f"<tr>{''.join(map(cell, columns, row))}</tr>" for row in rows)
    wide = " class='wide'" if is_wide(len(columns)) else ""
    return card(
        f"{head}<div class='rows' tabindex='0'><table{wide}><thead><tr>{names}</tr></thead>"
        f"<tbody>{lines}</tbody></table></div>"
    )


def card(html: str) -> pn.Column:
    """HTML that is safe already, on a card that more may be put on."""
    return pn.Column(
        pn.pane.HTML(html, stylesheets=[STYLE], sizing_mode="stretch_width", margin=0),
        stylesheets=[CARD],
        sizing_mode="stretch_width",
        margin=(0, 10, 14, 10),
    )


def beside(*parts: Any) -> pn.Column:
    """Side by side where there is room, else below each other."""
    return pn.Column(*parts, stylesheets=[_BESIDE], sizing_mode="stretch_width", margin=0)


def _file(label: str, make: Callable[[], Export]) -> pn.widgets.FileDownload:
    button = pn.widgets.FileDownload(
        label=label,
        filename="figures",
        color="light",
        sizing_mode="fixed",
        width=84,
        height=30,
        margin=(0, 0, 0, 6),
    )

    def made() -> io.BytesIO:
        export = make()
        button.filename = export.name
        return io.BytesIO(export.content)

    button.callback = made
    return button
