"""`helpdesk evaluate nlu` as a shell calls it, on tables that people save."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from tests.apps_cli.conftest import Helpdesk
from tests.apps_cli.rasa_stand_in import write_stand_in
from tests.nlu.nlu_examples import OUT_OF_SCOPE, UNSEEN, shop_data

KEYS = ["accuracy", "macro_f1", "train_seconds", "utterances_per_second"]


@pytest.fixture
def sets(tmp_path: Path) -> tuple[Path, Path]:
    """train.csv, and test.csv with out-of-scope messages labelled `oos`."""
    rows = {
        "train": [(message.text, message.intent) for message in shop_data().messages],
        "test": [*UNSEEN.items(), *((text, "oos") for text in OUT_OF_SCOPE)],
    }
    for name, pairs in rows.items():
        with (tmp_path / f"{name}.csv").open("w", newline="") as file:
            csv.writer(file).writerows([("text", "label"), *pairs])
    return tmp_path / "train.csv", tmp_path / "test.csv"


def test_the_figures_come_under_the_documented_keys(helpdesk: Helpdesk, sets: tuple[Path, Path]) -> None:
    train, test = map(str, sets)
    done = helpdesk(
        "evaluate", "nlu", "--train", train, "--test", test, "--out-of-scope", "oos", "--engine", "local", "--json"
    )
    assert done.status == 0, done.err
    assert sorted(done.value) == sorted([*KEYS, "out_of_scope_auroc", "at_threshold"])
    assert done.value["accuracy"] == 1.0
    assert set(done.value["at_threshold"]) == {"threshold", "in_scope_accuracy", "out_of_scope_recall"}
    assert done.value["out_of_scope_auroc"] > 0.8
    assert done.err == ""


def test_a_person_gets_tables_and_hears_why_rasa_was_not_tried(helpdesk: Helpdesk, sets: tuple[Path, Path]) -> None:
    train, test = map(str, sets)
    # Without --out-of-scope the label is one that training has never seen.
    done = helpdesk(
        "evaluate", "nlu", "--train", train, "--test", test, environment={"HELPDESK_RASA_PYTHON": "/nowhere/python"}
    )
    assert done.status == 0, done.err
    assert "never seen in training, so counted as errors: oos" in done.err
    assert "Rasa was not tried: its environment is not there" in done.err
    for said in ("accuracy", "worst intents", "taken for"):
        assert said in done.out


def test_the_engine_that_leads_is_measured_with_its_own_threshold(
    helpdesk: Helpdesk, sets: tuple[Path, Path], tmp_path: Path
) -> None:
    train, test = map(str, sets)
    asked = ("evaluate", "nlu", "--train", train, "--test", test, "--out-of-scope", "oos", "--json")
    local = helpdesk(*asked, "--engine", "local")
    best = helpdesk(*asked, environment={"HELPDESK_RASA_PYTHON": str(write_stand_in(tmp_path))})
    assert best.err.startswith("local leads: macro-F1 local 0."), best.err
    assert best.value["at_threshold"] == local.value["at_threshold"]


def test_rasa_without_its_environment_is_refused_with_a_next_step(helpdesk: Helpdesk, sets: tuple[Path, Path]) -> None:
    train, test = map(str, sets)
    refused = helpdesk(
        "evaluate",
        "nlu",
        *("--train", train, "--test", test, "--engine", "rasa"),
        environment={"HELPDESK_RASA_PYTHON": "/nowhere/python"},
    )
    assert refused.status == 2
    assert "/nowhere/python" in refused.err
    assert "make environment" in refused.err


@pytest.mark.parametrize(
    ("train", "options", "said"),
    [
        ("", [], "no rows"),
        ("text,label\nhello,greet\nhi,greet\n", [], "only the intent 'greet'"),
        ("one column\n", [], "text and label"),
        ("text,label\nhello,greet\nbye,leave\n", ["--out-of-scope", "nothing"], "has no such label"),
    ],
)
def test_files_that_cannot_be_used_are_named(
    helpdesk: Helpdesk, sets: tuple[Path, Path], train: str, options: list[str], said: str
) -> None:
    path, test = sets
    path.write_text(train)
    refused = helpdesk("evaluate", "nlu", "--train", str(path), "--test", str(test), *options)
    assert refused.status == 2
    assert said in refused.err
