"""A passage taken apart into what a sentence can be held against: units with what stands above them."""

from __future__ import annotations

from components.core.answers import Passage
from components.core.embeddings import EmbeddedText, Embedder
from components.models.answer_units import Unit, answer_units
from components.retrieval.grounding.contradictions import clauses


class PassageEvidence:
    """passage: the words that may be quoted. units: its quotable stretches; texts: each as it is read, with the
    heading and the line that leads into its list; clauses: the same, cut where a clause ends; whole: everything."""

    def __init__(self, passage: Passage) -> None:
        self.passage = passage
        every = answer_units(passage.text)
        self.units: list[Unit] = []
        self.texts: list[str] = []
        self.clauses: list[list[str]] = []
        for place, unit in enumerate(every):
            if not (unit.quotable or unit.kind == "code"):
                continue
            above = _above(passage, every, place)
            self.units.append(unit)
            self.texts.append(f"{above}: {unit.shown}" if above else unit.shown)
            self.clauses.append(_clauses(unit, above))
        self.whole = "\n".join((passage.title, passage.section, passage.text, *self.texts))
        self._embedded: list[EmbeddedText] | None = None

    def embedded(self, embedder: Embedder) -> list[EmbeddedText]:
        """One a unit, embedded at the first call. Raises ModelUnavailable."""
        if self._embedded is None:
            self._embedded = embedder.embed_passages([cut_to_fit(text, embedder) for text in self.texts])
        return self._embedded


def cut_to_fit(text: str, embedder: Embedder) -> str:
    """`text`, or as much of its beginning as the embedder reads."""
    spans = embedder.token_spans(text)
    most = embedder.identity.max_tokens
    return text if len(spans) <= most else text[: spans[most - 1][1]]


def _above(passage: Passage, units: list[Unit], place: int) -> str:
    unit = units[place]
    if unit.kind not in ("item", "row", "code"):
        return unit.heading
    lead = ""
    for before in reversed(units[:place]):
        if before.kind == "sentence":
            lead = before.shown.rstrip(":") if before.shown.endswith(":") or before.block == unit.block else ""
        if before.kind not in (unit.kind, "mark"):
            break
    heading = unit.heading or passage.section.rpartition(" > ")[2] or passage.title
    return f"{heading}: {lead}" if lead else heading


def _clauses(unit: Unit, above: str) -> list[str]:
    """A sentence's own clauses; of a row each cell with the first one; of an item each with what stands above it."""
    if unit.kind == "sentence":
        return clauses(unit.shown)
    if unit.kind == "row":
        first, *rest = unit.shown.split("; ")
        return [f"{first} {cell}" for cell in rest] or [first]
    # "No email arrived?" over a list denies nothing in it.
    above = "" if above.endswith("?") else above
    return [f"{above} {clause}" for clause in clauses(unit.shown)]
