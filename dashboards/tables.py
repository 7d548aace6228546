"""Tables that a phone has room for: there each cell stands below the name of its column."""

from __future__ import annotations

from html import escape

from dashboards.theme import LINE, QUIET

# For the style sheet of whatever has a table of the class `wide`.
STACKED = f"""
@media (max-width: 560px) {{
  .wide thead {{ position: absolute; clip-path: inset(50%); }}
  .wide tr {{ display: block; border-bottom: 1px solid {LINE}; padding: 6px 0; }}
  .wide td, .wide td.n {{ display: block; border: 0; padding: 2px 0; text-align: left; white-space: normal; }}
  .wide td::before {{ content: attr(data-name) ": "; color: {QUIET}; }}
  .wide td p {{ margin: 0 0 4px; }}
}}
"""


def is_wide(columns: int) -> bool:
    """Whether a table of so many columns has no room on a phone."""
    return columns > 2


def cell(column: str, html: str, attributes: str = "") -> str:
    """html: safe already. attributes: of the cell, with a space in front."""
    return f'<td data-name="{escape(column)}"{attributes}>{html}</td>'
