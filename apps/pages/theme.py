"""A tenant's colours as CSS, kept readable on light and dark, and the plain Gradio theme beneath them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from components.helpdesk.tenant_config import Branding

if TYPE_CHECKING:
    from gradio.themes import Base

LIGHT_SURFACE = "#ffffff"
DARK_SURFACE = "#1b1f26"
READABLE = 4.5
_DARK_INK, _LIGHT_INK = "#000000", "#ffffff"
_STEPS = 20
_FONTS = ("system-ui", "-apple-system", "Segoe UI", "Roboto", "Noto Sans", "sans-serif")
_FIXED_FONTS = ("ui-monospace", "SFMono-Regular", "Menlo", "monospace")


def contrast(first: str, second: str) -> float:
    """Contrast ratio of two colours #rrggbb, 1 to 21 (WCAG 2.2, "contrast ratio")."""
    lighter, darker = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def ink_on(background: str) -> str:
    """Dark or light text, whichever reads better on `background`; its contrast is at least 4.5."""
    return max((_LIGHT_INK, _DARK_INK), key=lambda ink: contrast(ink, background))


def legible(colour: str, surface: str) -> str:
    """`colour`, darkened or lightened as far as it takes to read on `surface` as text."""
    toward = ink_on(surface)
    mixed = (_mix(colour, toward, step / _STEPS) for step in range(_STEPS + 1))
    return next(shade for shade in mixed if contrast(shade, surface) >= READABLE)


def brand_css(branding: Branding) -> str:
    """The custom properties that chat.css paints with, for light and dark."""
    return f":root{{{_properties(branding, LIGHT_SURFACE)}}}" + (
        f"@media (prefers-color-scheme:dark){{:root{{{_properties(branding, DARK_SURFACE)}}}}}"
    )


def gradio_theme() -> Base:
    """Gradio's plainest theme on the system's own fonts: its default one fetches fonts from Google."""
    from gradio.themes import Base

    return Base(font=_FONTS, font_mono=_FIXED_FONTS)


def _properties(branding: Branding, surface: str) -> str:
    primary, accent = branding.primary_color, branding.accent_color
    values = {
        "brand": primary,
        "on-brand": ink_on(primary),
        "brand-text": legible(primary, surface),
        "accent": accent,
        "accent-text": legible(accent, surface),
    }
    return ";".join(f"--hd-{name}:{value}" for name, value in values.items())


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _luminance(colour: str) -> float:
    """Relative luminance, 0 to 1 (WCAG 2.2)."""
    red, green, blue = (
        share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4
        for share in (channel / 255 for channel in _channels(colour))
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _mix(colour: str, toward: str, share: float) -> str:
    mixed = (
        round(one + (other - one) * share) for one, other in zip(_channels(colour), _channels(toward), strict=True)
    )
    return "#" + "".join(f"{channel:02x}" for channel in mixed)
