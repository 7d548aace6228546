"""What understanding a message costs with the local classifier, and how well it does where the sets are there:
`python -m tests.benchmarks.bench_nlu [--sets FOLDER]` (FOLDER as tests.benchmarks.nlu_sets writes it)."""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter, process_time

from rich.console import Console
from rich.table import Table

from components.core.settings import quiet_third_parties
from components.models.embedder_factory import load_embedder
from components.nlu.local_classifier import LocalClassifier
from components.nlu.rasa_files import read_rasa_project

ROOT = Path(__file__).resolve().parents[2]
ASKED = ("where is my order 104432", "I want a refund", "do you sell tents?", "which plan should I take, Pro or Basic?")
SETS = (
    ("clinc_train.csv", "clinc_test.csv", "oos"),
    ("clinc_train_blind.csv", "clinc_test.csv", "oos"),
    ("banking_0_train.csv", "banking_0_test.csv", None),
    ("banking_1_train.csv", "banking_1_test.csv", None),
    ("banking_2_train.csv", "banking_2_test.csv", None),
    ("sofmattress_train.csv", "sofmattress_test.csv", "NO_NODES_DETECTED"),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sets", type=Path, help="measure quality on these too (minutes)")
    parser.add_argument("--rounds", type=int, default=100)
    arguments = parser.parse_args()
    quiet_third_parties()
    console = Console()
    console.print(_speed(arguments.rounds))
    if arguments.sets:
        console.print(_quality(arguments.sets))


def _speed(rounds: int) -> Table:
    """The shipped project's model: training, and a message with and without its embedding."""
    embedder = load_embedder("bundled", cache_dir=Path(tempfile.gettempdir()), threads=2)
    data = read_rasa_project(ROOT / "apps" / "rasa")
    began, spent = perf_counter(), process_time()
    engine = LocalClassifier.train(data, embedder)
    table = Table("figure", "value", box=None)
    table.add_row("messages trained on", str(len(data.messages)))
    table.add_row("training, s (of CPU)", f"{perf_counter() - began:.1f} ({process_time() - spent:.1f})")
    whole = _milliseconds(lambda text: engine.parse(text, deadline=30.0), rounds)
    embedding = _milliseconds(lambda text: embedder.embed_passages([text]), rounds)
    table.add_row("a message, ms p50 / p95", " / ".join(f"{value:.1f}" for value in whole))
    table.add_row("of which its embedding", " / ".join(f"{value:.1f}" for value in embedding))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "local.model"
        engine.save(path)
        began = perf_counter()
        LocalClassifier.load(path, embedder)
        table.add_row("loading, ms", f"{(perf_counter() - began) * 1e3:.0f}")
        table.add_row("model file, kB", f"{path.stat().st_size / 1e3:.0f}")
    return table


def _milliseconds(call: object, rounds: int) -> tuple[float, float]:
    assert callable(call)
    times = []
    for number in range(rounds):
        began = perf_counter()
        call(ASKED[number % len(ASKED)])
        times.append((perf_counter() - began) * 1e3)
    return statistics.median(times), statistics.quantiles(times, n=20)[-1]


def _quality(sets: Path) -> Table:
    """Through the command itself."""
    table = Table("set", "accuracy", "macro-F1", "AUROC", "in scope at threshold", "caught", "training s", box=None)
    for train, test, label in SETS:
        arguments = ["--train", str(sets / train), "--test", str(sets / test), "--engine", "local", "--json"]
        if label is not None:
            arguments += ["--out-of-scope", label]
        done = subprocess.run(
            [sys.executable, "-m", "apps.cli.main", "evaluate", "nlu", *arguments],
            capture_output=True,
            text=True,
            check=True,
        )
        found = json.loads(done.stdout)
        cut = found.get("at_threshold", {})
        values = (
            *(found["accuracy"], found["macro_f1"], found.get("out_of_scope_auroc")),
            *(cut.get("in_scope_accuracy"), cut.get("out_of_scope_recall"), found["train_seconds"]),
        )
        table.add_row(train, *("" if value is None else f"{value:.4g}" for value in values))
    return table


if __name__ == "__main__":
    main()
