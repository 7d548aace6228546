"""The colours of all pages and charts: Okabe and Ito's palette, which people with any colour vision tell apart."""

from __future__ import annotations

# M. Okabe and K. Ito, "Color Universal Design", 2008; without yellow, which no line on white is readable in.
SERIES = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#000000")
# Not colour alone: the same place in each list is one series.
DASHES = ("solid", "dashed", "dotted", "dotdash", "dashdot", "solid", "dashed")
MARKERS = ("circle", "square", "triangle", "diamond", "inverted_triangle", "plus", "x")
HATCHES = (" ", "/", ".", "\\", "x", "-", "|")
# From white to SERIES[0], each step as far from the next to the eye.
SCALE = ("#ffffff", "#dbe9f4", "#b3d1e8", "#86b8da", "#559dcb", "#2b86bf", "#0072b2", "#005a8e", "#00426a")

INK, QUIET, LINE, SURFACE, GROUND = "#1b1f24", "#4d5561", "#c9ced6", "#ffffff", "#f5f6f8"
ACCENT, GOOD, BAD, WARN = "#005a8e", "#00694c", "#a33e00", "#7a5200"


def root_css() -> str:
    """The same as custom properties."""
    named = {
        "ink": INK,
        "quiet": QUIET,
        "line": LINE,
        "surface": SURFACE,
        "ground": GROUND,
        "accent": ACCENT,
        "good": GOOD,
        "bad": BAD,
        "warn": WARN,
    }
    return ":root{" + "".join(f"--hd-{name}:{value};" for name, value in named.items()) + "}"
