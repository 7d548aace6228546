"""Which engine leads, and which version may serve, follows from figures by a rule that can be read."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.core.errors import NluUnavailable
from components.core.nlu import EngineName
from components.helpdesk.understanding.evaluations import (
    EVALUATION_FILE,
    EngineFigures,
    VersionEvaluation,
    choose_leader,
    compare,
    read_evaluation,
    write_evaluation,
)
from components.helpdesk.understanding.serving import NluServing, read_serving, serving_signature, write_serving

shares = st.floats(0, 1)


def figures(macro_f1: float, engine: EngineName = "local", messages: int = 800) -> EngineFigures:
    return EngineFigures(engine, macro_f1, macro_f1, messages, 0.5, 2.0, 20.0)


@pytest.mark.parametrize(
    ("local", "rasa", "leader"),
    [(0.90, 0.95, "rasa"), (0.90, 0.905, "local"), (0.90, 0.90, "local"), (0.95, 0.90, "local"), (0.0, 1.0, "rasa")],
)
def test_rasa_leads_only_where_it_is_better_beyond_the_error(local: float, rasa: float, leader: str) -> None:
    chosen = choose_leader(figures(local), figures(rasa, "rasa"))
    assert chosen.engine == leader
    assert f"{local:.3f}" in chosen.reason
    assert f"{rasa:.3f}" in chosen.reason


def test_without_rasa_the_local_classifier_leads_and_says_so() -> None:
    chosen = choose_leader(figures(0.4), None)
    assert chosen.engine == "local"
    assert "Rasa was not tried" in chosen.reason


@given(shares, shares)
def test_few_messages_never_make_rasa_lead_where_many_do_not(local: float, rasa: float) -> None:
    few = choose_leader(figures(local, messages=30), figures(rasa, "rasa", messages=30))
    many = choose_leader(figures(local, messages=3000), figures(rasa, "rasa", messages=3000))
    assert few.engine == "local" or many.engine == "rasa"


@pytest.mark.parametrize(
    ("new", "before", "recorded", "acceptable"),
    [
        (0.92, 0.91, 0.93, True),
        (0.905, 0.91, 0.93, True),
        (0.85, 0.91, 0.93, False),
        (0.30, 0.28, 0.93, False),
        (0.85, 0.80, 0.93, True),
        (0.30, 0.28, None, True),
    ],
)
def test_a_version_serves_unless_it_is_worse_on_the_same_messages_or_falls_far(
    new: float, before: float, recorded: float | None, acceptable: bool
) -> None:
    compared = compare(figures(new), figures(before), recorded)
    assert compared.acceptable is acceptable
    assert f"{new:.3f}" in compared.reason
    assert compared.before == before


def test_the_first_version_has_nothing_to_be_worse_than() -> None:
    assert compare(figures(0.1), None, None).acceptable


def test_an_evaluation_is_read_back_as_it_was_written_and_a_cut_one_is_said(tmp_path: Path) -> None:
    rasa = replace(figures(0.9, "rasa"), entity_f1=0.8)
    made = VersionEvaluation(
        "v1", "local", True, "why", (figures(0.9), rasa), {"local.npz": "ab"}, datetime.now(UTC), 0.8, {"rasa": "down"}
    )
    write_evaluation(tmp_path, made)
    assert read_evaluation(tmp_path) == made
    assert made.of("rasa") == rasa
    (tmp_path / EVALUATION_FILE).write_text((tmp_path / EVALUATION_FILE).read_text()[:40])
    with pytest.raises(NluUnavailable, match="train anew"):
        read_evaluation(tmp_path)
    assert read_evaluation(tmp_path / "nowhere") is None


def test_a_pointer_is_read_back_and_its_signature_changes_with_every_writing(tmp_path: Path) -> None:
    assert serving_signature(tmp_path) is None
    assert read_serving(tmp_path) is None
    seen = set()
    for leader in ("local", "rasa", "local"):
        serving = NluServing("v1", leader, {"local": 0.4}, {"local.npz": "ab"}, {"local": 0.9}, "v0")  # type: ignore[arg-type]
        write_serving(tmp_path, serving)
        assert read_serving(tmp_path) == serving
        seen.add(serving_signature(tmp_path))
    assert len(seen) == 3
    (tmp_path / "serving.json").write_text('{"version": "v1"')
    assert read_serving(tmp_path) == serving, "its copy serves"
    (tmp_path / "serving.copy.json").write_text("{")
    with pytest.raises(NluUnavailable, match="helpdesk nlu train"):
        read_serving(tmp_path)
