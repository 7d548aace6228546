"""Sets of questions and answers measured with them, as a prompt engineer has them in a shell."""

from __future__ import annotations

import json
from pathlib import Path
from uuid import uuid4

import pytest

from tests.apps_cli.conftest import Helpdesk
from tests.helpdesk.judging_model import judging_model

ASKED = {"q1": "Within how many days can I return a kayak?", "q2": "What does shipping to Norway cost?", "q3": "Chess?"}
ANSWERS = ("q1\thelp/returns.md\t1", "q2\thelp/shipping.md\t1")


@pytest.fixture(scope="module")
def questions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three questions, one of which also names a document that is not there."""
    folder = tmp_path_factory.mktemp("shop") / "evaluation"
    (folder / "qrels").mkdir(parents=True)
    (folder / "queries.jsonl").write_text("".join(json.dumps({"_id": k, "text": t}) + "\n" for k, t in ASKED.items()))
    rows = ["query-id\tcorpus-id\tscore", *ANSWERS, "q2\thelp/gone.md\t1"]
    (folder / "qrels" / "test.tsv").write_text("\n".join(rows) + "\n")
    return folder


def test_a_set_is_imported_asked_and_exported_and_guards_a_prompt(
    helpdesk: Helpdesk, knowledge: Path, questions: Path, tmp_path: Path
) -> None:
    domain = f"{uuid4().hex}.example"
    assert helpdesk("tenant", "create", "Shop", domain, "--knowledge", str(knowledge)).status == 0
    assert helpdesk("ingest", domain).status == 0
    imported = helpdesk("evaluation-set", "import", domain, str(questions), "--name", "asked", "--note", "first")
    assert imported.status == 0, imported.err
    assert "does not have: 1 (help/gone.md)" in " ".join(imported.err.split())
    measured = helpdesk(
        "evaluate", "answers", "--tenant", domain, "--set", "asked", "--pipeline", "bm25", "--against", "now", "--json"
    )
    assert measured.status == 0, measured.err
    assert measured.value["metrics"]["right"]["value"] == 1
    assert measured.value["comparison"]["verdict"] == "not_worse"
    assert "help/gone.md" in measured.value["missing"]
    prompt = helpdesk("prompt", "show", domain, "answer", "--raw").out.replace("briefly", "shortly")
    assert helpdesk("prompt", "save", domain, "answer", "-", "--note", "x", stdin=prompt).status == 0
    activated = helpdesk("prompt", "activate", domain, "answer", "1")
    assert activated.status == 0, activated.err
    assert "over 3 questions: not worse" in " ".join(activated.out.split())

    assert helpdesk("evaluation-set", "export", domain, "asked", str(tmp_path / "out")).status == 0
    assert json.loads((tmp_path / "out" / "queries.jsonl").read_text().splitlines()[0])["text"] == ASKED["q1"]


def test_answers_are_judged_by_the_tenants_judge_or_the_one_that_is_named(
    helpdesk: Helpdesk, knowledge: Path, questions: Path, tmp_path: Path
) -> None:
    domain, config = f"{uuid4().hex}.example", tmp_path / "shop.yaml"
    config.write_text("{high_accuracy_model: scripted, models: [scripted-small], evaluation: {judge: scripted-small}}")
    made = ("--knowledge", str(knowledge), "--evaluation", str(questions), "--config", str(config))
    ask = ("evaluate", "answers", "--tenant", domain)
    with judging_model() as model:
        model.answers = dict.fromkeys(ASKED.values(), "You can return a kayak within 45 days [1].")
        model.faithful = lambda question: {"statements": ["It sinks."], "statement_scores": [question != ASKED["q1"]]}
        models = {"HELPDESK_MODELS": str(model.catalogue(tmp_path))}
        assert helpdesk("tenant", "create", "Shop", domain, *made, environment=models).status == 0
        assert helpdesk("ingest", domain, environment=models).status == 0
        measured = helpdesk(*ask, "--against", "now", "--json", environment=models)
        assert measured.status == 0, measured.err
        assert "kayak" not in measured.err, "what is judged is in no log"
        judge = measured.value["judge"]
        assert judge["model"] == "scripted-small"
        assert judge["doubted"] == [{"question": ASKED["q1"], "statements": ["It sinks."]}]
        assert measured.value["metrics"]["faithfulness"]["value"] < 1
        assert measured.value["comparison"]["differences"]["faithfulness"]["value"] == 0
        told = " ".join(helpdesk(*ask, "--judge", "scripted", environment=models).out.split())
        assert f"scripted judged {judge['judged']} of" in told
        assert f"? not in its passages: It sinks. ({ASKED['q1']})" in told
        model.judged.clear()
        assert "judged" not in helpdesk(*ask, "--judge", "none", environment=models).out
        assert model.judged == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("evaluation-set", "list", "nowhere.example"), "nowhere.example"),
        (("evaluation-set", "import", "nowhere.example", "/no/such/folder"), "/no/such/folder"),
        (("evaluation-set", "draft", "nowhere.example", "dreams", "x.yaml"), "dreams"),
    ],
)
def test_what_cannot_be_is_said_in_one_line(helpdesk: Helpdesk, arguments: tuple[str, ...], said: str) -> None:
    done = helpdesk(*arguments)
    assert done.status in (1, 2)
    assert said in done.err
    assert "Traceback" not in done.err
