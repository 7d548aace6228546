"""A writer killed at any moment leaves the promoted version answering as before, and the next run completes."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from vector_rows import IDENTITY, TENANT, embed, row

from components.vectors.tenant_index import TenantIndex

WRITER = """
import sys
from pathlib import Path
from vector_rows import IDENTITY, TENANT, row
from components.vectors.tenant_index import TenantIndex

index = TenantIndex.open(Path(sys.argv[1]), TENANT, IDENTITY)
kept = [row(f"kept text number {n}", f"docs/{n}.md") for n in range(40)]
if index.served() is None:
    index.write(kept)
    index.maintain()
    index.promote(index.version)
print("ready", flush=True)
turn = 0
while True:
    turn += 1
    passing = [row(f"passing text {turn} {n}") for n in range(60)]
    index.write(passing)
    index.delete([chunk.chunk_id for chunk, _ in kept[::2]])
    index.maintain()
    index.write(kept)
    index.delete(index.chunk_ids() - {chunk.chunk_id for chunk, _ in kept})
    index.maintain()
    index.promote(index.version)
"""

KEPT = {f"kept text number {number}" for number in range(40)}


def run_and_kill(root: Path, after: float | None) -> None:
    """Kill -9 a writer, `after` seconds from when it begins its work, or None: while it starts."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([os.getcwd(), str(Path(__file__).parent)])}
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(root)], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        if after is not None:
            assert process.stdout.readline() == b"ready\n", process.stderr.read().decode()
            time.sleep(after)
            assert process.poll() is None, process.stderr.read().decode()
    finally:
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=30)


def assert_serves_the_kept_texts(root: Path) -> TenantIndex:
    index = TenantIndex.open(root, TENANT, IDENTITY)
    served = index.served()
    assert served is not None
    assert {passage.text for passage in served.search_vector(embed("kept").vector, 100)} == KEPT
    assert {passage.text for passage in served.search_text("kept", 100)} == KEPT
    ids = [row(text, f"docs/{text.split()[-1]}.md")[0].chunk_id for text in KEPT]
    assert len(served.token_vectors(ids)) == len(KEPT)
    assert served.statistics.pieces["kept"] == len(KEPT)
    return index


@pytest.mark.timeout(180)
def test_a_killed_writer_never_changes_what_is_served(tmp_path: Path) -> None:
    moments = random.Random(7)
    for _ in range(5):
        run_and_kill(tmp_path, moments.uniform(0.0, 0.6))
        assert_serves_the_kept_texts(tmp_path)


def test_the_run_after_a_kill_completes(tmp_path: Path) -> None:
    run_and_kill(tmp_path, 0.15)
    index = assert_serves_the_kept_texts(tmp_path)
    wanted = [row("only this is left")]
    index.write(wanted)
    index.delete(index.chunk_ids() - {wanted[0][0].chunk_id})
    index.maintain()
    index.promote(index.version)
    served = index.served()
    assert served is not None
    assert [passage.text for passage in served.search_vector(embed("x").vector, 9)] == ["only this is left"]


def test_an_index_whose_creation_was_cut_short_opens(tmp_path: Path) -> None:
    (tmp_path / str(TENANT.tenant_id) / "chunks.lance" / "data").mkdir(parents=True)
    index = TenantIndex.open(tmp_path, TENANT, IDENTITY)
    index.write([row("written after all")])
    assert len(index.chunk_ids()) == 1
