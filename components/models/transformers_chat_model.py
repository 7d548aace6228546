"""A language model in this process: any causal model of the Hugging Face hub, or a folder with one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import TYPE_CHECKING

from components.core.chat_model import Capability, ChatRequest, Completion, FinishReason
from components.core.errors import ModelMisbehaved, ModelUnavailable, PromptTooLong
from components.core.model_catalogue import ModelDeclaration
from components.models.chat_template import prompt_tokens
from components.models.model_files import find_model
from components.models.request_check import refuse_unfit
from components.models.text_pieces import TextPieces
from components.models.token_text import TokenText
from components.models.worker_streams import Generation, WorkerStreams

if TYPE_CHECKING:
    from components.models.causal_lm import CausalLm

CHECK_SECONDS = 4.0


class TransformersChatModel:
    """Keeps core's ChatModel. The weights are loaded by the first request; one that cannot wait so long ends with
    ModelTimedOut, and the load goes on for the next. One generation at a time, in the order they came; the others'
    deadlines run meanwhile.

    A step of the model (reading the prompt above all) cannot be interrupted: past its deadline a caller is
    released at once, and the worker when the step is done. No tools: how a call is written is each model's own
    affair, so where they are needed, serve the model with TGI or vLLM, which know. No response_schema either.
    """

    def __init__(self, declaration: ModelDeclaration) -> None:
        self._declaration = declaration
        self._streams = WorkerStreams(declaration.name, workers=1)
        self._loaded: CausalLm | None = None

    @property
    def name(self) -> str:
        return self._declaration.name

    @property
    def capabilities(self) -> frozenset[Capability]:
        return frozenset({"sampling"})

    @property
    def device(self) -> str | None:
        """Where the weights are, such as `cpu` or `cuda:0`; None before they are loaded."""
        return self._loaded.device if self._loaded else None

    async def stream(self, request: ChatRequest) -> AsyncIterator[str | Completion]:
        """As core.chat_model.ChatModel says; raises ModelUnavailable, saying what to do, where the weights cannot be
        loaded."""
        refuse_unfit(request, model=self.name, capabilities=self.capabilities)
        async with aclosing(self._streams.stream(lambda own: self._generate(request, own), request.deadline)) as items:
            async for item in items:
                yield item

    async def check(self) -> None:
        """Looks for the model's configuration in its folder, the cache or on the hub; loads no weights."""
        self._streams.refuse_closed()
        if self._loaded is None:
            try:
                async with asyncio.timeout(CHECK_SECONDS):
                    await asyncio.to_thread(find_model, self._declaration.model)
            except TimeoutError:
                raise ModelUnavailable(
                    f"no model hub answered within {CHECK_SECONDS:g} s about {self._declaration.model!r}; copy the "
                    "model's folder here and give its path"
                ) from None

    async def close(self) -> None:
        """Ends the streams under way and frees the weights."""
        await self._streams.close(self._free)

    def _generate(self, request: ChatRequest, own: Generation) -> Completion | None:
        """Runs on the worker thread."""
        model = self._load()
        prompt = prompt_tokens(model.tokenizer, request.messages, self.name)
        self._refuse_long(len(prompt), request.max_tokens, model.context)
        if own.is_stopped:
            return None
        text = _Text(model, request.stop, own)
        try:
            model.write(prompt, request, push=text.push, is_stopped=lambda: own.is_stopped or text.stop.stopped)
        except RuntimeError as error:  # torch's: out of memory, a device that has gone
            raise ModelMisbehaved(f"the model {self.name!r} failed while it wrote: {str(error)[:200]}") from error
        if own.is_stopped:
            return None
        finish = text.finish()
        return Completion("".join(text.pieces), self.name, len(prompt), text.tokens, finish)

    def _load(self) -> CausalLm:
        if self._loaded is None:
            find_model(self._declaration.model)
            from components.models.causal_lm import CausalLm

            self._loaded = CausalLm.load(self._declaration.model)
        return self._loaded

    def _refuse_long(self, prompt: int, max_tokens: int, context: int | None) -> None:
        limit = min(self._declaration.context_tokens, context or self._declaration.context_tokens)
        if prompt + max_tokens > limit:
            raise PromptTooLong(
                f"a prompt of {prompt} tokens and max_tokens={max_tokens} are more than the {limit} that the model "
                f"{self.name!r} reads and writes together"
            )

    def _free(self) -> None:
        if self._loaded is not None:
            from components.models.causal_lm import free_device_memory

            self._loaded = None
            free_device_memory()


class _Text:
    """What one generation has written so far."""

    def __init__(self, model: CausalLm, stops: tuple[str, ...], own: Generation) -> None:
        self.stop, self.pieces, self.tokens = TextPieces(stops), list[str](), 0
        self._decoder, self._ends, self._own = TokenText(model.decode), model.ends, own
        self._ended = False

    def push(self, token: int) -> None:
        self.tokens += 1
        self._ended = token in self._ends
        if not self._ended:
            self._show(self.stop.feed(self._decoder.push(token)))

    def finish(self) -> FinishReason:
        self._show(self.stop.feed(self._decoder.finish()))
        self._show(self.stop.finish())
        return "stop" if self._ended or self.stop.stopped else "length"

    def _show(self, piece: str) -> None:
        if piece:
            self.pieces.append(piece)
            self._own.emit(piece)
