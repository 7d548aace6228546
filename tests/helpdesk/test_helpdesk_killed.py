"""A run that is killed leaves the last good index serving, and the next run completes its work."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from helpdesk_shop import NORWAY, SHIPPING, Shop

from components.core.settings import Settings

MakeShop = Callable[..., Shop]
ROOT = Path(__file__).parents[2]
SCRIPT = Path(__file__).with_name("helpdesk_killed_run.py")
SHORT, LONG = 254, 8


def write_articles(shop: Shop, word: str) -> None:
    """As many short ones as one batch of the embedder holds, and long ones whose names come last."""
    for number in range(SHORT):
        shop.write(**{f"item{number}": f"# Item {number}\n\nItem {number} is {word} and costs {number + 7} euros.\n"})
    for number in range(LONG):
        lines = [f"Item {number} is {word} and costs {number * 7 + part} euros in shop {part}." for part in range(70)]
        shop.write(**{f"long{number}": f"# Long item {number}\n\n" + " ".join(lines) + "\n"})


def killed_run(shop: Shop, settings: Settings, at: str, delay: float) -> None:
    """Ingests in a process of its own, which is killed `delay` seconds after it reports progress `at`."""
    command = [sys.executable, str(SCRIPT), str(settings.data_dir), str(shop.tenant.tenant_id), str(shop.folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT, env={"PYTHONPATH": str(ROOT)}) as run:
        assert run.stdout is not None
        line = ""
        while not line.startswith(at):
            line = run.stdout.readline()
            assert line, "the run ended before it could be killed"
        time.sleep(delay)
        run.kill()


def test_whenever_a_run_is_killed_the_old_index_answers_and_the_next_run_completes(
    make_shop: MakeShop, helpdesk_settings: Settings
) -> None:
    shop = make_shop(shipping=SHIPPING)
    shop.ingest()
    chance = random.Random(20261122)
    for turn, (at, most) in enumerate((("documents", 0.5), ("chunks", 0.5), ("embeddings", 0.1))):
        write_articles(shop, f"red{turn}")
        before = shop.workbench.answering.answer(shop.tenant.context, NORWAY).index_version
        killed_run(shop, helpdesk_settings, at, chance.random() * most)
        answered = shop.workbench.answering.answer(shop.tenant.context, NORWAY)
        assert answered.index_version == before
        assert "nine days" in answered.answer.text
        report = shop.ingest()
        assert report.promoted is not None
        assert report.evaluation.index_version > before
        if at == "embeddings":
            assert report.indexed.embedded < report.indexed.total - SHORT / 2
        assert_complete(shop, f"red{turn}")


def assert_complete(shop: Shop, word: str) -> None:
    ingestion = shop.workbench.ingestion
    assert ingestion.orphan_chunks(shop.tenant) == 0
    assert ingestion.empty_documents(shop.tenant) == []
    documents, chunks = ingestion.counts(shop.tenant)
    served = ingestion.index(shop.tenant).served()
    assert served is not None
    assert (documents, chunks) == (SHORT + LONG + 1, served.count())
    rows = served.rows(["document_id", "text"]).to_pylist()
    assert all(f"is {word} " in row["text"] for row in rows if row["document_id"] != "help/shipping.md")
