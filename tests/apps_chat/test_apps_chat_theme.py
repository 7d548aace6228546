"""A tenant's colours stay readable, whatever they are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.pages.theme import DARK_SURFACE, LIGHT_SURFACE, READABLE, brand_css, contrast, gradio_theme, ink_on, legible
from components.helpdesk.tenant_config import Branding

COLOURS = st.integers(0, 0xFFFFFF).map(lambda value: f"#{value:06x}")


def test_contrast_is_that_of_wcag() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@given(COLOURS)
def test_text_on_any_brand_colour_is_readable(colour: str) -> None:
    assert contrast(ink_on(colour), colour) >= READABLE


@given(COLOURS, st.sampled_from([LIGHT_SURFACE, DARK_SURFACE]))
def test_text_in_any_brand_colour_is_readable(colour: str, surface: str) -> None:
    assert contrast(legible(colour, surface), surface) >= READABLE


def test_a_colour_that_is_readable_is_left_as_it_is() -> None:
    assert legible("#1f5f4a", LIGHT_SURFACE) == "#1f5f4a"


def test_the_brand_holds_for_light_and_dark() -> None:
    css = brand_css(Branding(primary_color="#ffd400", accent_color="#112233"))
    assert css.count("--hd-brand:#ffd400") == 2
    assert "prefers-color-scheme:dark" in css


def test_the_theme_loads_no_font_from_elsewhere() -> None:
    assert gradio_theme()._stylesheets == []
