"""One call of an OpenAI-compatible embeddings endpoint, inside a deadline whatever the server does."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from threading import Event
from typing import TYPE_CHECKING, Any

import numpy as np

from components.core.embeddings import Matrix
from components.core.errors import ModelUnavailable

if TYPE_CHECKING:
    from openai import APIError, OpenAI

RETRIES = 2
MAX_RESPONSE_BYTES = 64 * 1024 * 1024
_FIRST_WAIT = 0.25  # seconds, doubled at each retry, where the server names no time
_RETRIED_STATUS = frozenset({408, 409, 429})


class EmbeddingsEndpoint:
    """POST {url}/embeddings through the openai client. Thread-safe.

    deadline: seconds that one call may take, its retries and their waits included.
    api_key: sent as a bearer token; None for an endpoint that wants none.
    """

    def __init__(self, *, url: str, model: str, api_key: str | None, deadline: float) -> None:
        self._url, self._model, self._api_key, self._deadline = url, model, api_key, deadline
        # Never set: waiting on it is a sleep.
        self._pause = Event()
        self._client = self._connect()

    def vectors(self, texts: Sequence[str]) -> Matrix:
        """One row a text, in order, as the endpoint gave it. Raises ModelUnavailable past the
        deadline, after the last retry, and for an answer that does not keep the protocol."""
        end = time.monotonic() + self._deadline
        for retries_left in range(RETRIES, -1, -1):
            left = end - time.monotonic()
            if left <= 0:
                break
            failure, wait = self._attempt(texts, end, left / (retries_left + 1))
            if isinstance(failure, np.ndarray):
                return failure
            wait = wait if wait is not None else _FIRST_WAIT * 2 ** (RETRIES - retries_left)
            if not retries_left or time.monotonic() + wait >= end:
                raise self._unavailable(failure)
            self._pause.wait(wait)
        raise self._unavailable(f"no answer within {self._deadline:g} s")

    def _attempt(self, texts: Sequence[str], end: float, timeout: float) -> tuple[Matrix | str, float | None]:
        """The rows, or why a retry may help and how long the server asks to wait for it."""
        import openai

        until = min(end, time.monotonic() + timeout)
        try:
            return self._rows(self._post(texts, timeout, until), len(texts)), None
        except (openai.APITimeoutError, TimeoutError):
            return f"no answer within {self._deadline:g} s", 0.0
        except openai.APIStatusError as error:
            if error.status_code not in _RETRIED_STATUS and error.status_code < 500:
                raise self._unavailable(_refusal(error)) from error
            return _refusal(error), _retry_after(error.response.headers.get("retry-after"))
        except openai.APIError as error:
            return f"{error.message} ({error.__cause__ or 'no reason given'})", None

    def _connect(self) -> OpenAI:
        from openai import OpenAI

        # An empty organisation keeps the client from taking one out of the environment.
        return OpenAI(base_url=self._url, api_key=self._api_key or "none", organization="", project="", max_retries=0)

    def _post(self, texts: Sequence[str], timeout: float, until: float) -> bytes:
        """The body. Read in pieces, because the client's own time-out counts anew at each of them."""
        create = self._client.embeddings.with_streaming_response.create
        body = bytearray()
        with create(input=list(texts), model=self._model, encoding_format="float", timeout=timeout) as response:
            for piece in response.iter_bytes():
                body += piece
                if time.monotonic() > until:
                    raise TimeoutError
                if len(body) > MAX_RESPONSE_BYTES:
                    raise self._unavailable(f"its answer is longer than {MAX_RESPONSE_BYTES} bytes")
        return bytes(body)

    def _rows(self, body: bytes, count: int) -> Matrix:
        try:
            data: list[dict[str, Any]] = json.loads(body)["data"]
            rows = {int(item["index"]): np.asarray(item["embedding"], dtype=np.float32) for item in data}
        except (ValueError, KeyError, TypeError) as error:
            raise self._unavailable(f"its answer is no list of embeddings: {body[:80]!r}") from error
        if sorted(rows) != list(range(count)):
            raise self._unavailable(f"it gave embeddings for {sorted(rows)[:10]} of {count} texts")
        shapes = {row.shape for row in rows.values()}
        if len(shapes) != 1 or len(next(iter(shapes))) != 1:
            raise self._unavailable(f"its embeddings have shapes {sorted(shapes)}; one length for all is allowed")
        return np.stack([rows[index] for index in range(count)])

    def _unavailable(self, reason: object) -> ModelUnavailable:
        return ModelUnavailable(f"the embeddings endpoint {self._url} (model {self._model!r}) failed: {reason}")


def _refusal(error: APIError) -> str:
    status = getattr(error, "status_code", None)
    return f"HTTP {status}: {' '.join(str(error.body or error.message).split())[:200]}"


def _retry_after(value: str | None) -> float | None:
    """Seconds of a Retry-After header; a date or nonsense counts as absent."""
    try:
        seconds = float(value) if value is not None else None
    except ValueError:
        return None
    return seconds if seconds is not None and seconds >= 0 else None
