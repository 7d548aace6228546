"""The form in which a person decides, question by question, what goes into an evaluation set."""

from __future__ import annotations

from typing import Any

from components.helpdesk.evaluation.drafting import Decision, DraftQuestion, EvaluationDraft


class ReviewForm:
    """Shown where a notebook runs by hand; nothing is kept unless it is ticked."""

    def __init__(self, draft: EvaluationDraft) -> None:
        self._rows = {each.candidate_id: _Row(each) for each in draft.questions}

    def decisions(self) -> dict[str, Decision]:
        """As the form stands now."""
        return {candidate: row.decision() for candidate, row in self._rows.items()}

    def shown(self) -> Any:
        """What a cell displays."""
        import ipywidgets

        return ipywidgets.VBox([row.box for row in self._rows.values()])


class _Row:
    def __init__(self, candidate: DraftQuestion) -> None:
        import ipywidgets

        wide = {"layout": ipywidgets.Layout(width="100%"), "style": {"description_width": "9em"}}
        self._keep = ipywidgets.Checkbox(value=False, description="keep", indent=False)
        self._question = ipywidgets.Text(value=candidate.question, description="question", **wide)
        self._documents = ipywidgets.Text(value=", ".join(candidate.qrels), description="answered by", **wide)
        self._expected = ipywidgets.Text(value=candidate.expected or "", description="expected answer", **wide)
        look_at = f"; found were: {', '.join(candidate.look_at)}" if candidate.look_at else ""
        why = ipywidgets.Label(candidate.why + look_at)
        rows = [ipywidgets.HBox([self._keep, why]), self._question, self._documents, self._expected]
        self.box = ipywidgets.VBox(rows, layout=ipywidgets.Layout(border="1px solid #999", padding="6px", margin="4px"))

    def decision(self) -> Decision:
        documents = [each.strip() for each in self._documents.value.split(",") if each.strip()]
        return Decision(
            keep=self._keep.value,
            question=self._question.value,
            qrels=dict.fromkeys(documents, 1),
            expected=self._expected.value,
        )
