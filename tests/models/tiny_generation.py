"""Token by token generation with a tiny model, so that a test server can stop between two tokens."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal


@dataclass(frozen=True)
class TinyToken:
    """One token. text: what the text grew by, "" in the middle of a character. finish: on the last one only."""

    id: int
    text: str
    special: bool
    finish: Literal["eos_token", "length", "stop_sequence"] | None


class TinyGeneration:
    """The model and tokenizer of one folder. Not thread-safe: one server, one event loop."""

    def __init__(self, folder: Path) -> None:
        from transformers import AutoModelForCausalLM, AutoTokenizer

        self.tokenizer = AutoTokenizer.from_pretrained(folder)
        self._model = AutoModelForCausalLM.from_pretrained(folder).eval()
        self.context = int(self._model.config.max_position_embeddings)

    def prompt(self, messages: Sequence[dict[str, Any]], tools: Sequence[dict[str, Any]] | None = None) -> str:
        """The messages as the model's own template puts them."""
        rendered = self.tokenizer.apply_chat_template(
            list(messages), tools=list(tools) if tools else None, tokenize=False, add_generation_prompt=True
        )
        return str(rendered)

    def ids(self, prompt: str) -> list[int]:
        return list(self.tokenizer(prompt, add_special_tokens=False).input_ids)

    def tokens(
        self,
        ids: Sequence[int],
        *,
        max_tokens: int,
        stop: Sequence[str] = (),
        temperature: float = 0.0,
        seed: int | None = None,
    ) -> Iterator[TinyToken]:
        """Greedy at temperature 0. Ends after the token that completes one of `stop`, which stays in the text."""
        import torch

        draws = torch.Generator().manual_seed(seed if seed is not None else 0)
        cache, step = None, torch.tensor([list(ids)])
        made: list[int] = []
        text = ""
        for count in range(1, max_tokens + 1):
            with torch.inference_mode():
                output = self._model(input_ids=step, past_key_values=cache, use_cache=True)
            cache, logits = output.past_key_values, output.logits[0, -1]
            if temperature > 0:
                token = int(torch.multinomial(torch.softmax(logits / temperature, -1), 1, generator=draws))
            else:
                token = int(logits.argmax())
            step = torch.tensor([[token]])
            if token == self.tokenizer.eos_token_id:
                yield TinyToken(token, self.tokenizer.eos_token, True, "eos_token")
                return
            made.append(token)
            whole = str(self.tokenizer.decode(made, skip_special_tokens=True))
            grown = "" if whole.endswith("\ufffd") else whole[len(text) :]
            text += grown
            stopped = any(sequence in text for sequence in stop)
            finish: Any = "stop_sequence" if stopped else "length" if count == max_tokens else None
            yield TinyToken(token, grown, token in self.tokenizer.all_special_ids, finish)
            if stopped:
                return
