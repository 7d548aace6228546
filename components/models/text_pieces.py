"""Text as a server streams it, made fit to pass on: no half characters, and nothing from a stop sequence on."""

from __future__ import annotations

from collections.abc import Sequence


class TextPieces:
    """Feed it pieces; what it gives back adds up to the text before the first stop sequence.

    It holds back the least it can: half of a surrogate pair, and what may become a stop sequence. A half that never
    finds its other becomes U+FFFD. Once `stopped`, it gives nothing more.
    """

    def __init__(self, stop: Sequence[str] = ()) -> None:
        self._stop = tuple(sequence for sequence in stop if sequence)
        self._half = ""
        self._held = ""
        self.stopped = False

    def feed(self, piece: str) -> str:
        """What may be passed on now; "" where all of it is held back."""
        if self.stopped:
            return ""
        piece = self._half + piece
        self._half = piece[-1] if piece and "\ud800" <= piece[-1] <= "\udbff" else ""
        self._held += whole_characters(piece[: len(piece) - len(self._half)])
        return self._release(at_end=False)

    def finish(self) -> str:
        """What was held back and is text after all."""
        if self.stopped:
            return ""
        self._held += whole_characters(self._half)
        self._half = ""
        return self._release(at_end=True)

    def _release(self, *, at_end: bool) -> str:
        for start in range(len(self._held)) if self._stop else ():
            if any(self._held.startswith(sequence, start) for sequence in self._stop):
                self.stopped = True
                ready, self._held = self._held[:start], ""
                return ready
            tail = self._held[start:]
            if not at_end and any(sequence.startswith(tail) for sequence in self._stop):
                ready, self._held = self._held[:start], tail
                return ready
        ready, self._held = self._held, ""
        return ready


def whole_characters(text: str) -> str:
    """Surrogate pairs joined to characters; single ones replaced."""
    if text.isascii() or not any("\ud800" <= character <= "\udfff" for character in text):
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
