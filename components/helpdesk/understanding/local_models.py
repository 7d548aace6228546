"""The local classifier's file that answers for a project: of the version that serves, or of the one before it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from components.core.errors import NluUnavailable
from components.helpdesk.understanding.evaluations import read_evaluation
from components.helpdesk.understanding.serving import LOCAL_FILE, NluServing, require_intact, sha256_of


@dataclass(frozen=True)
class LocalModel:
    """fault: why it is not that of the version that serves; empty where it is."""

    file: Path
    fault: str = ""


def intact_local_model(models: Path, serving: NluServing) -> LocalModel:
    """Raises NluUnavailable with the fault of the version that serves where that before it has none either."""
    try:
        return LocalModel(require_intact(models / serving.version / LOCAL_FILE, serving))
    except NluUnavailable as error:
        former = _former(models, serving.previous)
        if former is None:
            raise
        return LocalModel(former, f"{error.message}; version {serving.previous} stands in")


def _former(models: Path, version: str | None) -> Path | None:
    if version is None:
        return None
    file = models / version / LOCAL_FILE
    try:
        known = read_evaluation(models / version)
        return file if known is not None and sha256_of(file) == known.files.get(LOCAL_FILE) else None
    except NluUnavailable:
        return None
