"""The channels of answers that no customer was given: figures of customers leave them out."""

from __future__ import annotations

# replay: asked again to see what is different today. console: suggested to an agent. cli: of an operator's command.
REPLAY, SUGGESTION, EVALUATION, PLAYGROUND, COMMAND = "replay", "console", "evaluation", "playground", "cli"
INSIDE = (REPLAY, SUGGESTION, EVALUATION, PLAYGROUND, COMMAND)
