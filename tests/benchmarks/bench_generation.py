"""Tokens a second of the model in this process: `python -m tests.benchmarks.bench_generation [--model FOLDER]`.

Without a folder it is the tiny random model, whose figures say what the library and we cost, not what a model does.
generate() is the bare loop on the same prompt, without thread, queue and text; the rounds alternate.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from pathlib import Path
from time import perf_counter

from rich.console import Console
from rich.table import Table

from components.core.chat_model import ChatMessage, ChatRequest, Completion
from components.core.model_catalogue import ModelDeclaration
from components.core.settings import quiet_third_parties
from components.models.causal_lm import CausalLm
from components.models.chat_template import prompt_tokens
from components.models.transformers_chat_model import TransformersChatModel
from tests.models.tiny_llm import write_tiny_llm

SENTENCE = "Unused items can be returned within 30 days of delivery, and a refund takes five days. "


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, help="a folder with a causal model and a chat template")
    parser.add_argument("--tokens", type=int, default=200)
    parser.add_argument("--sentences", type=int, default=12, help="in the prompt")
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    quiet_third_parties()
    with tempfile.TemporaryDirectory() as folder:
        path = arguments.model or write_tiny_llm(Path(folder))
        asyncio.run(_measure(str(path), arguments.tokens, arguments.sentences, arguments.rounds))


async def _measure(path: str, tokens: int, sentences: int, rounds: int) -> None:
    messages = (ChatMessage("system", SENTENCE * sentences), ChatMessage("user", "When can items be returned?"))
    request = ChatRequest(messages, max_tokens=tokens, deadline=600.0)
    started = perf_counter()
    bare = CausalLm.load(path)
    loading = perf_counter() - started
    prompt = prompt_tokens(bare.tokenizer, messages, path)
    ours = TransformersChatModel(ModelDeclaration("bench", "transformers", path, context_tokens=1_000_000))
    await _stream(ours, request)
    table = Table(title=f"{path} on {ours.device}: loaded in {loading:.2f} s, prompt of {len(prompt)} tokens")
    for head in ("round", "generate(), tokens/s", "ours, tokens/s", "first text, ms", "four at once, tokens/s"):
        table.add_column(head, justify="right")
    for number in range(1, rounds + 1):
        written: list[int] = []
        started = perf_counter()
        bare.write(prompt, request, push=written.append, is_stopped=lambda: False)
        plain = len(written) / (perf_counter() - started)
        started = perf_counter()
        made, first = await _stream(ours, request)
        own = made / (perf_counter() - started)
        started = perf_counter()
        four = await asyncio.gather(*(_stream(ours, request) for _ in range(4)))
        together = sum(made for made, _ in four) / (perf_counter() - started)
        table.add_row(str(number), f"{plain:.1f}", f"{own:.1f}", f"{1000 * first:.1f}", f"{together:.1f}")
    Console().print(table)
    await ours.close()


async def _stream(model: TransformersChatModel, request: ChatRequest) -> tuple[int, float]:
    """Tokens made, and the seconds until the first text."""
    started, first, made = perf_counter(), 0.0, 0
    async for item in model.stream(request):
        if isinstance(item, Completion):
            made = item.output_tokens
        else:
            first = first or perf_counter() - started
    return made, first


if __name__ == "__main__":
    main()
