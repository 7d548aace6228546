"""Rasa behind HTTP as an engine of understanding: inside deadlines, strictly checked, left alone while it fails."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from components.core.errors import InvalidSetting, NluUnavailable
from components.core.nlu import EngineName, Understanding
from components.nlu.rasa_circuit import FAILURES, RasaCircuit
from components.nlu.rasa_http import RasaAnswer, RasaHttp
from components.nlu.rasa_wire import InvalidAnswer, read_parse, sent_text

RECHECK_SECONDS = 10.0
_SUPPORTED = "3."
_NO_MODEL = 409
_UNKNOWN = "unknown"


class RasaEngine:
    """Keeps core.nlu.NluEngine over `POST /model/parse` of Rasa 3. Thread-safe.

    Of a message Rasa is given the first 1,000 characters. Which model it serves, and that it is Rasa 3 at all, is asked
    for every ten seconds at most. Five failures within a minute open a circuit for 30 s, in which nothing is sent.

    >>> engine = RasaEngine("http://:token@127.0.0.1:5005", threshold=0.6)
    >>> engine.parse("where is order 104432", deadline=1.0).intent  # 'order_status'
    """

    name: EngineName = "rasa"

    def __init__(
        self,
        url: str,
        *,
        threshold: float,
        default_deadline: float = 1.0,
        full_intents: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """url: as RasaHttp reads it. threshold: 0 to 1, from the model's cross-validation. default_deadline: seconds,
        for `version`. full_intents: whether a retrieval intent is named with the response that it selects
        (`chitchat/ask_name`), as NluData names it, instead of by itself (`chitchat`). Raises InvalidSetting for values
        outside."""
        if not 0 <= threshold <= 1:
            raise InvalidSetting(f"threshold={threshold!r}: 0 to 1 is allowed", field="threshold")
        self._http = RasaHttp(url)
        self._threshold, self._default_deadline = threshold, default_deadline
        self._full_intents = full_intents
        self._clock = clock
        self._circuit = RasaCircuit(clock)
        self._checking = threading.Lock()
        self._checked_at: float | None = None
        self._version = _UNKNOWN

    @property
    def address(self) -> str:
        """Where Rasa is, without its token."""
        return self._http.address

    @property
    def version(self) -> str:
        """Rasa's own number of the model that it serves, as last heard; `unknown` before Rasa has said one."""
        if self._checked_at is None:
            self.is_serving(self._default_deadline)
        return self._version

    def is_serving(self, deadline: float) -> bool:
        """Whether Rasa answers and has a model, asked now whatever the circuit says. deadline: seconds."""
        try:
            with self._checking:
                self._check(deadline)
        except NluUnavailable:
            return False
        return True

    def parse(self, text: str, *, deadline: float) -> Understanding:
        """As NluEngine has it. Raises NluUnavailable for a Rasa that is down, slow, without a model or the token, of
        another version, or whose answer is cut or wrong, and at once while the circuit is open."""
        began = time.monotonic()
        permit = self._circuit.admit(deadline)
        if permit is None:
            raise NluUnavailable(
                f"Rasa at {self.address} has failed {FAILURES} times within a minute and is left alone for another "
                f"{self._circuit.seconds_left:.0f} s"
            )
        try:
            understood = self._parse(text, began + deadline)
        except _NoModel:
            # Rasa itself is well, and fast to say so.
            self._circuit.released(permit)
            raise
        except NluUnavailable:
            self._circuit.failed(permit)
            raise
        except BaseException:
            self._circuit.released(permit)
            raise
        self._circuit.succeeded(permit)
        return replace(understood, seconds=time.monotonic() - began)

    def close(self) -> None:
        """Ends the connections; the engine may be used again, and connects anew."""
        self._http.close()

    def _parse(self, text: str, end: float) -> Understanding:
        self._check_sometimes(end)
        sent, cut = sent_text(text)
        answer = self._http.exchange("POST", "/model/parse", {"text": sent}, deadline=end - time.monotonic())
        try:
            understood = read_parse(self._content(answer), sent, cut, threshold=self._threshold)
        except InvalidAnswer as error:
            raise NluUnavailable(f"Rasa at {self.address} gave a wrong answer: {error}") from error
        if self._full_intents and understood.response is not None:
            return replace(understood, intent=understood.response)
        return understood

    def _check_sometimes(self, end: float) -> None:
        """By one thread; the others do not wait for it."""
        due = self._checked_at is None or self._clock() - self._checked_at >= RECHECK_SECONDS
        if due and self._checking.acquire(blocking=False):
            try:
                self._check(end - time.monotonic())
            finally:
                self._checking.release()

    def _check(self, deadline: float) -> None:
        end = time.monotonic() + deadline
        release = self._content(self._http.exchange("GET", "/version", deadline=deadline))
        found = release.get("version")
        if not isinstance(found, str) or not found.startswith(_SUPPORTED):
            raise NluUnavailable(f"{self.address} is Rasa {found!r}; Rasa {_SUPPORTED}x is allowed")
        try:
            status = self._content(self._http.exchange("GET", "/status", deadline=end - time.monotonic()))
        except _NoModel:
            self._version = _UNKNOWN
            raise
        model = status.get("model_id")
        if not isinstance(model, str) or not 0 < len(model) <= 200:
            raise NluUnavailable(f"Rasa at {self.address} gave a wrong answer: /status names no model")
        self._version, self._checked_at = model, self._clock()

    def _content(self, answer: RasaAnswer) -> dict[str, Any]:
        """The JSON object of an answer that is well."""
        if answer.status == _NO_MODEL:
            raise _NoModel(f"Rasa at {self.address} has no model loaded")
        try:
            content = answer.json()
        except ValueError as error:
            raise NluUnavailable(f"Rasa at {self.address} answered {answer.status} without JSON") from error
        if answer.status != 200:
            said = content.get("message") if isinstance(content, dict) else None
            raise NluUnavailable(f"Rasa at {self.address} answered {answer.status}: {str(said)[:200]}")
        if not isinstance(content, dict):
            raise NluUnavailable(f"Rasa at {self.address} gave a wrong answer: no JSON object")
        return content


class _NoModel(NluUnavailable):
    """Rasa runs, and was given nothing to serve."""
