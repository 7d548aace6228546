"""The demo tenants' BEIR corpora are their articles, no more, no less and no older."""

from __future__ import annotations

import json
import runpy
from pathlib import Path

import pytest

DEMO = Path(__file__).parents[2] / "deploy/demo"
TENANTS = sorted(path.parent for path in DEMO.glob("*/knowledge"))


@pytest.mark.parametrize("tenant", TENANTS, ids=lambda tenant: tenant.name)
def test_the_corpus_is_what_the_articles_say_now(tenant: Path) -> None:
    written = (tenant / "evaluation/corpus.jsonl").read_text("utf-8")
    now = runpy.run_path(str(DEMO / "write_corpus.py"))["corpus"](tenant)
    assert written == now, "run `python deploy/demo/write_corpus.py`"


@pytest.mark.parametrize("tenant", TENANTS, ids=lambda tenant: tenant.name)
def test_every_judged_document_is_in_the_corpus(tenant: Path) -> None:
    lines = (tenant / "evaluation/corpus.jsonl").read_text("utf-8").splitlines()
    judged = (tenant / "evaluation/qrels/test.tsv").read_text("utf-8").splitlines()[1:]
    assert {row.split("\t")[1] for row in judged} <= {json.loads(line)["_id"] for line in lines}
