"""A causal language model of the transformers library: weights, tokenizer and the loop that writes."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    GenerationConfig,
    LogitsProcessor,
    LogitsProcessorList,
    StoppingCriteria,
    StoppingCriteriaList,
    TemperatureLogitsWarper,
    TopPLogitsWarper,
)
from transformers.generation.streamers import BaseStreamer

from components.core.chat_model import ChatRequest
from components.core.errors import ModelUnavailable


class CausalLm:
    """Weights in memory. One caller at a time.

    context: tokens that it reads and writes together, None where its configuration does not say.
    """

    def __init__(self, model: Any, tokenizer: Any) -> None:
        self._model, self.tokenizer = model, tokenizer
        self.context: int | None = getattr(model.config.get_text_config(), "max_position_embeddings", None)
        self.device = str(model.device)
        self.ends = _end_tokens(model.generation_config.eos_token_id, tokenizer.eos_token_id)

    @classmethod
    def load(cls, name: str) -> CausalLm:
        """The weights of a hub id or a folder, on the GPU where there is one, in the precision they were saved in.

        Code that comes with a model is not run. Raises ModelUnavailable, saying what to do.
        """
        folder = Path(name).expanduser()
        source = str(folder) if folder.is_dir() else name
        try:
            tokenizer = AutoTokenizer.from_pretrained(source)  # type: ignore[no-untyped-call]
            model: Any = AutoModelForCausalLM.from_pretrained(source, dtype="auto")
            model = model.to("cuda" if torch.cuda.is_available() else "cpu").eval()
        except Exception as error:  # files that are wrong raise anything, an AttributeError of the library too
            raise ModelUnavailable(
                f"the language model {name!r} cannot be loaded ({' '.join(str(error).split())[:200]}); check its name, "
                "or where no model hub can be reached, copy the model's folder here and give its path"
            ) from error
        if not tokenizer.chat_template:
            raise ModelUnavailable(
                f"the model {name!r} has no chat template, so it was not made to answer; use its `instruct` or "
                "`chat` variant, or put a chat_template.jinja into its folder"
            )
        return cls(model, tokenizer)

    def decode(self, tokens: list[int]) -> str:
        """The tokens' text, special tokens left out, spaces as they are."""
        text: str = self.tokenizer.decode(tokens, skip_special_tokens=True, clean_up_tokenization_spaces=False)
        return text

    def write(
        self,
        prompt: list[int],
        request: ChatRequest,
        *,
        push: Callable[[int], None],
        is_stopped: Callable[[], bool],
    ) -> None:
        """Gives `push` token after token until an end token, max_tokens, or `is_stopped`, asked after each.

        At temperature 0 always the likeliest token; else drawn by the Gumbel-max trick (Gumbel 1954): the
        likeliest after noise from this request's own generator, so that equal seeds give equal texts and nobody
        else's random numbers are touched.
        """
        ids = torch.tensor([prompt], device=self._model.device)
        config = GenerationConfig(  # type: ignore[no-untyped-call]
            max_new_tokens=request.max_tokens,
            do_sample=False,
            eos_token_id=sorted(self.ends) or None,
            pad_token_id=min(self.ends, default=0),
        )
        with torch.inference_mode():
            self._model.generate(
                inputs=ids,
                attention_mask=torch.ones_like(ids),
                generation_config=config,
                # The model's own defaults may sample; the request says what is wanted.
                use_model_defaults=False,
                logits_processor=_sampling(request, self._model.device),
                stopping_criteria=StoppingCriteriaList([_Stop(is_stopped)]),
                streamer=_Tokens(push),
            )


class _Tokens(BaseStreamer):
    """generate() hands over the prompt first, then each token."""

    def __init__(self, push: Callable[[int], None]) -> None:
        self._push, self._is_prompt = push, True

    def put(self, value: torch.Tensor) -> None:
        if not self._is_prompt:
            self._push(int(value.reshape(-1)[0]))
        self._is_prompt = False

    def end(self) -> None:
        """The caller sees generate() return."""


class _Stop(StoppingCriteria):
    def __init__(self, is_stopped: Callable[[], bool]) -> None:
        self._is_stopped = is_stopped

    def __call__(self, input_ids: torch.Tensor, scores: Any, **_: Any) -> torch.Tensor:
        return torch.full((len(input_ids),), self._is_stopped(), device=input_ids.device, dtype=torch.bool)


class GumbelNoise(LogitsProcessor):
    """Adds Gumbel noise of the generator's: the argmax is then a draw from the softmax of the scores."""

    def __init__(self, generator: torch.Generator) -> None:
        self._generator = generator

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        exponential = torch.empty_like(scores).exponential_(generator=self._generator)
        return scores - exponential.log()


def _sampling(request: ChatRequest, device: Any) -> LogitsProcessorList:
    if request.temperature <= 0:
        return LogitsProcessorList()
    generator = torch.Generator(device=device)
    if request.seed is None:
        generator.seed()
    else:
        generator.manual_seed(request.seed % 2**63)
    steps: list[LogitsProcessor] = [TemperatureLogitsWarper(float(request.temperature))]
    if request.top_p < 1:
        steps.append(TopPLogitsWarper(float(request.top_p)))
    return LogitsProcessorList([*steps, GumbelNoise(generator)])


def _end_tokens(*found: int | list[int] | None) -> frozenset[int]:
    """Some models name their end of turn in the generation settings, some in the tokenizer's."""
    ends: set[int] = set()
    for each in found:
        ends.update(each if isinstance(each, list) else () if each is None else (each,))
    return frozenset(ends)


def free_device_memory() -> None:
    """Gives what torch keeps of a GPU's memory back to the other processes."""
    if torch.cuda.is_available():
        with suppress(RuntimeError):  # a GPU that has gone has nothing to give back
            torch.cuda.empty_cache()
