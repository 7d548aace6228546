"""A notebook as one page that needs nothing else: no script, no font, nothing from elsewhere."""

from __future__ import annotations

from html import escape
from pathlib import Path

from components.helpdesk.notebooks.node import read_node

# The best first. Widgets are none of them: they need a script, and a kernel behind it.
_SHOWN = ("text/html", "image/svg+xml", "image/png", "text/markdown", "text/plain")
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<title>{title}</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; color: #1a1a1a; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }}
pre {{ overflow-x: auto; font-size: 13px; margin: .4rem 0 }}
.jp-CodeCell .jp-InputArea, .input {{ background: #f5f5f2; border-left: 3px solid #0072b2; padding: .1rem .8rem }}
.jp-InputPrompt, .jp-OutputPrompt, .prompt, .jp-Collapser, .anchor-link {{ display: none }}
img, svg {{ max-width: 100%; height: auto }}
table {{ border-collapse: collapse; font-size: 14px; margin: .6rem 0; display: block; overflow-x: auto }}
th, td {{ border-bottom: 1px solid #ccc; padding: .25rem .6rem; text-align: left; vertical-align: top }}
[data-mime-type*="stderr"], .output_error {{ background: #fdecea; padding: .1rem .8rem }}
</style></head><body>
{body}
</body></html>
"""


def write_page(notebook: Path, page: Path) -> None:
    """Renders a run notebook. Raises OSError, and ValueError for a file that is no notebook."""
    from nbconvert import HTMLExporter

    exporter = HTMLExporter(template_name="basic")  # type: ignore[no-untyped-call]
    exporter.config.NbConvertBase.display_data_priority = list(_SHOWN)
    node = read_node(notebook)
    node.metadata.pop("widgets", None)
    body, _ = exporter.from_notebook_node(node)
    page.write_text(_PAGE.format(title=escape(notebook.stem), body=body), encoding="utf-8")
