"""The extractive generator behind the door of the chat models: what answers when no language model can."""

from __future__ import annotations

from collections.abc import AsyncIterator, Generator, Sequence
from contextlib import aclosing

from components.core.answers import GenerationRequest, Passage
from components.core.chat_model import Capability, ChatMessage, ChatRequest, Completion, FinishReason
from components.core.generation import AnswerGenerator
from components.models.request_check import refuse_unfit
from components.models.text_pieces import TextPieces
from components.models.word_evidence import content_words
from components.models.worker_streams import Generation, WorkerStreams

BYTES_A_TOKEN = 4
"""English prose is about four bytes a token under the usual tokenizers; only for counting, nothing is billed."""
WORKERS = 4


class ExtractiveChatModel:
    """Keeps core's ChatModel by quoting. It quotes from request.passages for request.question; where a bare prompt
    has neither, the last paragraph of the last user message is the question, and what stands before it and in the
    earlier messages the one passage; where that shares no word with the question, it says that nothing was found.
    Citations are the generator's own: who needs them asks it directly.

    Heeds max_tokens and stop; temperature means nothing to it. Tokens are estimated, one for BYTES_A_TOKEN bytes.
    """

    def __init__(self, generator: AnswerGenerator, name: str = "extractive") -> None:
        self._generator, self._name = generator, name
        self._streams = WorkerStreams(name, workers=WORKERS)

    @property
    def name(self) -> str:
        return self._name

    @property
    def capabilities(self) -> frozenset[Capability]:
        return frozenset()

    async def stream(self, request: ChatRequest) -> AsyncIterator[str | Completion]:
        """As core.chat_model.ChatModel says."""
        refuse_unfit(request, model=self.name, capabilities=self.capabilities)
        async with aclosing(self._streams.stream(lambda own: self._generate(request, own), request.deadline)) as items:
            async for item in items:
                yield item

    async def check(self) -> None:
        """Raises ModelUnavailable once it is closed; else it always answers."""
        self._streams.refuse_closed()

    async def close(self) -> None:
        """Ends the streams under way and its threads; the generator stays, as others use it."""
        await self._streams.close()

    def _generate(self, request: ChatRequest, own: Generation) -> Completion | None:
        """Runs on a worker thread."""
        stop, room, pieces = TextPieces(request.stop), request.max_tokens * BYTES_A_TOKEN, list[str]()

        def show(piece: str) -> None:
            nonlocal room
            # Half a character at the end is left out.
            shown = piece.encode(errors="replace")[:room].decode(errors="ignore")
            room = room - len(shown.encode()) if len(shown) == len(piece) else 0
            if shown:
                pieces.append(shown)
                own.emit(shown)

        found = self._generator.stream(_asked(request, own.seconds_left))
        try:
            for piece in found:
                if own.is_stopped:
                    return None
                if isinstance(piece, str):
                    show(stop.feed(piece))
                if stop.stopped or room == 0:
                    break
        finally:
            if isinstance(found, Generator):
                found.close()
        show(stop.finish())
        text = "".join(pieces)
        finish: FinishReason = "length" if room == 0 else "stop"
        read = sum(_tokens(message.content) for message in request.messages)
        return Completion(text, self.name, read, _tokens(text), finish, estimated=True)


def _asked(request: ChatRequest, seconds: float) -> GenerationRequest:
    question, before = _question(request.messages)
    passages, words = request.passages, content_words(question)
    # With one passage there is always a best sentence; one that shares no word with the question is no answer.
    is_answerable = not words or not words.isdisjoint(content_words(before))
    if not passages and not request.question and before and is_answerable:
        passages = (Passage("prompt", "prompt", title="", section="", text=before, score=1.0),)
    return GenerationRequest(
        request.question or question, passages, deadline=max(seconds, 0.0), max_tokens=request.max_tokens
    )


def _question(messages: Sequence[ChatMessage]) -> tuple[str, str]:
    """The last paragraph that the user wrote, and all that stands before it."""
    last = max((position for position, message in enumerate(messages) if message.role == "user"), default=-1)
    if last < 0:
        return "", "\n\n".join(message.content for message in messages)
    *paragraphs, question = [part for part in messages[last].content.split("\n\n") if part.strip()] or [""]
    earlier = [message.content for message in messages[:last] if message.role in ("system", "user")]
    return question.strip(), "\n\n".join(part for part in (*earlier, *paragraphs) if part.strip())


def _tokens(text: str) -> int:
    return -(-len(text.encode(errors="replace")) // BYTES_A_TOKEN)
