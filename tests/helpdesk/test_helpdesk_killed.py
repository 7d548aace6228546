"""A run that is killed leaves the last good index serving, and the next run completes its work."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from helpdesk_shop import NORWAY, RETURNS, SHIPPING, Shop

from components.core.settings import Settings

MakeShop = Callable[..., Shop]
ROOT = Path(__file__).parents[2]
SCRIPT = Path(__file__).with_name("helpdesk_killed_run.py")
ARTICLES = 60


def article(number: int, word: str) -> str:
    lines = [f"Item {number} is {word} and costs {number * 7 + part} euros in shop {part}." for part in range(60)]
    return f"# Item {number}\n\n" + " ".join(lines) + "\n"


def killed_run(shop: Shop, settings: Settings, after: Callable[[subprocess.Popen[str]], None]) -> None:
    command = [sys.executable, str(SCRIPT), str(settings.data_dir), str(shop.tenant.tenant_id), str(shop.folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT, env={"PYTHONPATH": str(ROOT)}) as run:
        assert run.stdout is not None
        assert run.stdout.readline() == "ready\n"
        after(run)
        run.kill()


def at_stage(name: str, seconds: float) -> Callable[[subprocess.Popen[str]], None]:
    def wait(run: subprocess.Popen[str]) -> None:
        assert run.stdout is not None
        while (line := run.stdout.readline()) and not line.startswith(name):
            pass
        time.sleep(seconds)

    return wait


def test_whenever_a_run_is_killed_the_old_index_answers_and_the_next_run_completes(
    make_shop: MakeShop, helpdesk_settings: Settings
) -> None:
    shop = make_shop(shipping=SHIPPING)
    shop.ingest()
    chance = random.Random(20261122)
    for turn, stage in enumerate(("documents", "chunks", "embeddings")):
        shop.write(**{f"item{number}": article(number, f"red{turn}") for number in range(ARTICLES)})
        shop.write(returns=RETURNS.replace("45", str(turn)))
        before = shop.workbench.answering.answer(shop.tenant.context, NORWAY).index_version
        killed_run(shop, helpdesk_settings, at_stage(stage, chance.random() / 2))
        answered = shop.workbench.answering.answer(shop.tenant.context, NORWAY)
        assert answered.index_version == before
        assert "nine days" in answered.answer.text
        report = shop.ingest()
        assert report.promoted is not None
        assert report.evaluation.index_version > before
        assert_complete(shop, f"red{turn}", f"within {turn} days")


def assert_complete(shop: Shop, word: str, returns: str) -> None:
    ingestion = shop.workbench.ingestion
    assert ingestion.orphan_chunks(shop.tenant) == 0
    assert ingestion.empty_documents(shop.tenant) == []
    documents, chunks = ingestion.counts(shop.tenant)
    served = ingestion.index(shop.tenant).served()
    assert served is not None
    assert (documents, chunks) == (ARTICLES + 2, served.count())
    texts = served.rows(["document_id", "text"]).to_pylist()
    assert all(f"is {word} " in row["text"] for row in texts if "/item" in row["document_id"])
    assert any(returns in row["text"] for row in texts)
