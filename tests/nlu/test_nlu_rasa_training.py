"""Training Rasa: parameters over the design's config, files that it reads alike, deadlines, and what is left behind."""

from __future__ import annotations

import stat
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import psutil
import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from components.core.errors import InvalidNluData, NluUnavailable
from components.core.nlu import Entity
from components.nlu.local_entities import EntityFinder, EntityRules
from components.nlu.rasa_export import write_rasa_project
from components.nlu.rasa_files import read_rasa_project
from components.nlu.rasa_server import RasaServer, find_rasa_python
from components.nlu.rasa_settings import overlaid_config, read_rasa_settings
from components.nlu.rasa_training import RasaTrainer
from components.nlu.training_data import LabelledMessage, NluData
from tests.nlu.rasa_tiny import PROJECT, TINY_SETTINGS, tiny_data

SPEC = [
    "WhitespaceTokenizer",
    "RegexFeaturizer",
    "LexicalSyntacticFeaturizer",
    "CountVectorsFeaturizer",
    "DIETClassifier",
    "EntitySynonymMapper",
    "ResponseSelector",
]


def rasa_that(does: str, folder: Path) -> Path:
    """Stands where Rasa's Python would, and does this instead (a shell command; $@ are the arguments)."""
    python = folder / "python"
    python.write_text(f"#!/bin/sh\n{does}\n")
    python.chmod(python.stat().st_mode | stat.S_IXUSR)
    return python


def test_the_shipped_pipeline_is_the_designs_without_parameters() -> None:
    config = yaml.safe_load((PROJECT / "config.yml").read_text())
    assert config["pipeline"] == [{"name": name} for name in SPEC]
    assert config["policies"] == [{"name": name} for name in ("RulePolicy", "MemoizationPolicy", "TEDPolicy")]


def test_parameters_are_laid_over_it_with_a_seed_for_every_network() -> None:
    shipped = read_rasa_settings(PROJECT / "training.yml")
    config = overlaid_config(PROJECT / "config.yml", shipped)
    steps = {step["name"]: step for section in ("pipeline", "policies") for step in config[section]}  # type: ignore[attr-defined]
    assert [step["name"] for step in config["pipeline"]] == SPEC  # type: ignore[attr-defined]
    for network in ("DIETClassifier", "ResponseSelector", "TEDPolicy"):
        assert {"epochs", "random_seed"} <= steps[network].keys()
    assert steps["EntitySynonymMapper"] == {"name": "EntitySynonymMapper"}


def test_the_shipped_project_has_what_customer_service_needs() -> None:
    data = read_rasa_project(PROJECT)
    counts = {intent: sum(message.intent == intent for message in data.messages) for intent in data.intents}
    service = {intent: count for intent, count in counts.items() if "/" not in intent}
    assert len(service) >= 12
    assert {intent: count for intent, count in service.items() if count < 25} == {}
    assert {entity.name for message in data.messages for entity in message.entities} >= {
        "order_number",
        "product",
        "plan",
    }
    small_talk = {intent for intent in counts if "/" in intent}
    assert len(small_talk) >= 6
    assert small_talk <= data.responses.keys()
    assert data.problems == ()


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("where is nt-20418873?", "nt-20418873"),
        ("invoice CO-2026-004512 is wrong", "CO-2026-004512"),
        ("refund 104432", "104432"),
        ("send it to 5 Rue X, 75001 Paris", None),
        ("I bought it in 2024 for 1200 euros", None),
    ],
)
def test_the_shipped_project_knows_an_order_number_from_a_postcode(text: str, named: str | None) -> None:
    entities = EntityFinder(EntityRules.of(read_rasa_project(PROJECT))).find(text)
    assert [entity.text for entity in entities if entity.name == "order_number"] == ([named] if named else [])


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ("components: {}\nfolds: 1\nseconds: 9", "folds"),
        ("components: {}\nfolds: 3\nseconds: 0", "seconds"),
        ("components: {DIETClassifier: {epochs: []}}\nfolds: 3\nseconds: 9", "epochs"),
        ("components: {}\nfolds: 3\nseconds: 9\nmore: 1", "more"),
        ("components: [", "training.yml"),
        ("- 1", "training.yml"),
    ],
)
def test_settings_that_are_none_are_refused_by_file_and_key(content: str, named: str, tmp_path: Path) -> None:
    (tmp_path / "training.yml").write_text(content)
    with pytest.raises(InvalidNluData, match=named):
        read_rasa_settings(tmp_path / "training.yml")


WORDS = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z", "S")), min_size=1, max_size=8)


@settings(max_examples=60, deadline=None)
@given(before=st.lists(WORDS, max_size=3), named=WORDS, value=WORDS, after=st.lists(WORDS, max_size=3))
@example(before=[], named="0", value="}", after=[])
def test_what_is_written_for_rasa_is_read_back(before: list[str], named: str, value: str, after: list[str]) -> None:
    def plain(words: list[str]) -> str:
        return " ".join(words).replace("[", "(").replace("]", ")")

    start = plain(before) + " " if before else ""
    named = plain([named])
    text = start + named + (" " + plain(after) if after else "")
    entity = Entity("plan", value, named, len(start), len(start) + len(named))
    messages = (LabelledMessage(text, "a/b", (entity,)), LabelledMessage("one", "a/b"))
    others = (LabelledMessage("two", "c"), LabelledMessage("three", "c"))
    data = NluData(messages + others, synonyms={"big": "Pro"}, lookups={"plan": ("Pro",)}, responses={"a/b": ("x",)})
    with tempfile.TemporaryDirectory() as made:
        write_rasa_project(data, Path(made))
        read = read_rasa_project(Path(made))
    assert read.messages == data.messages
    assert (read.lookups, read.responses, read.synonyms["big"]) == (data.lookups, data.responses, "Pro")


def test_brackets_of_a_customer_are_no_annotation(tmp_path: Path) -> None:
    messages = [LabelledMessage('see [this](plan) and [that]{"entity": "x"}\nplease', "a"), LabelledMessage("b", "a")]
    others = [LabelledMessage("c", "d"), LabelledMessage("e", "d")]
    write_rasa_project(NluData((*messages, *others)), tmp_path)
    read = read_rasa_project(tmp_path)
    assert read.messages[0] == LabelledMessage('see (this)(plan) and (that){"entity": "x"} please', "a")


def test_a_fingerprint_changes_with_data_and_settings_alone() -> None:
    trainer = RasaTrainer(Path("python"), PROJECT, settings=TINY_SETTINGS)
    again = RasaTrainer(Path("another"), PROJECT, settings=TINY_SETTINGS)
    shipped = RasaTrainer(Path("python"), PROJECT)
    data = tiny_data()
    assert trainer.fingerprint(data) == again.fingerprint(data) != shipped.fingerprint(data)
    assert trainer.fingerprint(data) != trainer.fingerprint(data.with_messages(data.messages[1:]))
    assert trainer.fingerprint(PROJECT) != trainer.fingerprint(PROJECT, nlu_only=True)


def test_a_training_that_fails_says_the_end_of_its_log_and_leaves_nothing(tmp_path: Path) -> None:
    python = rasa_that("echo 'ValueError: no such thing'; exit 3", tmp_path)
    out = tmp_path / "models"
    with pytest.raises(NluUnavailable, match=r"(?s)status 3.*no such thing"):
        RasaTrainer(python, PROJECT, settings=TINY_SETTINGS).train(tiny_data(), out)
    assert list(out.iterdir()) == []


def test_a_training_that_trains_nothing_is_said(tmp_path: Path) -> None:
    with pytest.raises(NluUnavailable, match="no model"):
        RasaTrainer(rasa_that("exit 0", tmp_path), PROJECT, settings=TINY_SETTINGS).train(tiny_data(), tmp_path / "out")


@pytest.mark.parametrize("how", ["deadline", "cancelled"])
def test_a_training_that_is_given_up_is_killed_with_all_its_children(how: str, tmp_path: Path) -> None:
    python = rasa_that(f"sleep 300 & echo $! > {tmp_path}/child; wait", tmp_path)
    cancelled = threading.Event()
    threading.Timer(1.0, cancelled.set).start()
    trainer = RasaTrainer(python, PROJECT, settings=TINY_SETTINGS)
    began = time.monotonic()
    with pytest.raises(NluUnavailable, match="more than 1 s" if how == "deadline" else "cancelled"):
        trainer.train(
            tiny_data(),
            tmp_path / "out",
            deadline=1 if how == "deadline" else 200,
            cancelled=cancelled if how == "cancelled" else None,
        )
    assert time.monotonic() - began < 60
    child = int((tmp_path / "child").read_text())
    assert not psutil.pid_exists(child) or psutil.Process(child).status() == psutil.STATUS_ZOMBIE


def test_without_rasas_environment_it_is_said_how_to_get_it(tmp_path: Path) -> None:
    assert find_rasa_python(tmp_path / "python", tmp_path) is None
    assert find_rasa_python(None, tmp_path) is None
    with pytest.raises(NluUnavailable, match="make environment"):
        RasaTrainer(tmp_path / "python", PROJECT, settings=TINY_SETTINGS).train(tiny_data(), tmp_path / "out")


def test_a_server_that_ends_while_it_starts_says_the_end_of_its_log(tmp_path: Path) -> None:
    server = RasaServer(rasa_that("echo 'no TensorFlow here'; exit 1", tmp_path), tmp_path / "home", project=PROJECT)
    server.start()
    with pytest.raises(NluUnavailable, match=r"(?s)ended.*no TensorFlow here"):
        server.await_ready(30)
    server.stop()


def test_a_server_is_killed_with_its_parent(tmp_path: Path) -> None:
    python = rasa_that(f"echo $$ > {tmp_path}/pid; sleep 300", tmp_path)
    script = (
        "from pathlib import Path; import time; from components.nlu.rasa_server import RasaServer\n"
        f"RasaServer(Path({str(python)!r}), Path({str(tmp_path / 'home')!r}), project=Path('apps/rasa')).start()\n"
        f"while not Path({str(tmp_path / 'pid')!r}).exists(): time.sleep(0.05)\n"
        "import os; os.kill(os.getpid(), 9)\n"
    )
    subprocess.run([sys.executable, "-c", script], cwd=PROJECT.parents[1], timeout=120, check=False)
    pid = int((tmp_path / "pid").read_text())
    until = time.monotonic() + 20
    while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < until
        time.sleep(0.05)
