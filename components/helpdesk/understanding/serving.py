"""Which trained version of a project serves, and which engine leads: a pointer file with its copy."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from pydantic import TypeAdapter, ValidationError

from components.core.atomic_file import write_atomically
from components.core.errors import NluUnavailable
from components.core.nlu import EngineName

logger = logging.getLogger("helpdesk.nlu")

POINTER, COPY = "serving.json", "serving.copy.json"
LOCAL_FILE, RASA_FILE, SPEECH_FILE = "local.npz", "rasa.tar.gz", "speech.json"
FileSignature = tuple[int, int, int]


@dataclass(frozen=True)
class NluServing:
    """version: of the project, also the name of the folder that its files lie in. leader: who is asked first.
    thresholds: by engine; an engine that is not there has none. macro_f1: of each engine, cross-validated on this
    version's data; none for one that was not tried. files: sha256 by name. previous: the version that served before."""

    version: str
    leader: EngineName
    thresholds: Mapping[EngineName, float]
    files: Mapping[str, str]
    macro_f1: Mapping[EngineName, float] = field(default_factory=dict)
    previous: str | None = None


@dataclass(frozen=True)
class ProjectSpeech:
    """What a project says besides its examples: intents, and texts of small talk by key (`chitchat/ask_name`)."""

    intents: frozenset[str]
    responses: Mapping[str, tuple[str, ...]]
    format: Literal[1] = 1


_SERVING = TypeAdapter(NluServing)
_SPEECH = TypeAdapter(ProjectSpeech)


def read_serving(models: Path) -> NluServing | None:
    """The pointer in a project's folder of models, or its copy where it cannot be read; None before the first training.
    Raises NluUnavailable where both cannot be read."""
    try:
        return _read(models / POINTER)
    except NluUnavailable as error:
        with suppress(NluUnavailable):
            kept = _read(models / COPY)
            if kept is not None:
                logger.warning("%s; version %s serves by the copy %s", error.message, kept.version, COPY)
                return kept
        raise


def write_serving(models: Path, serving: NluServing) -> None:
    """From the next message on this version serves."""
    content = _SERVING.dump_json(serving, indent=2)
    write_atomically(models / POINTER, content)
    write_atomically(models / COPY, content)


def is_kept_twice(models: Path) -> bool:
    """Whether the pointer is there and whole, and its copy says the same."""
    try:
        kept = _read(models / POINTER)
        return kept is not None and kept == _read(models / COPY)
    except NluUnavailable:
        return False


def _read(file: Path) -> NluServing | None:
    try:
        return _SERVING.validate_json(file.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValidationError) as error:
        raise NluUnavailable(f"{file} cannot be read: train anew with `helpdesk nlu train`") from error


def serving_signature(models: Path) -> FileSignature | None:
    """Changes whenever the pointer does (it is a new file each time); None before the first training."""
    try:
        status = (models / POINTER).stat()
    except FileNotFoundError:
        return None
    return status.st_mtime_ns, status.st_ino, status.st_size


def write_speech(file: Path, speech: ProjectSpeech) -> None:
    write_atomically(file, _SPEECH.dump_json(speech))


def read_speech(file: Path) -> ProjectSpeech:
    """Raises NluUnavailable for a file that is not there or cannot be read."""
    try:
        return _SPEECH.validate_json(file.read_bytes())
    except (OSError, ValidationError) as error:
        raise NluUnavailable(f"{file} cannot be read: train anew with `helpdesk nlu train`") from error


def sha256_of(file: Path) -> str:
    """In hexadecimal. Raises NluUnavailable where the file cannot be read."""
    try:
        with file.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise NluUnavailable(f"{file}: {error.strerror}: train anew with `helpdesk nlu train`") from error


def require_intact(file: Path, serving: NluServing) -> Path:
    """The file, once it is known to be the one that was trained. Raises NluUnavailable for one that is missing, cut
    or altered."""
    expected = serving.files.get(file.name)
    if expected is None:
        raise NluUnavailable(f"version {serving.version} has no {file.name}: train with `helpdesk nlu train`")
    if sha256_of(file) != expected:
        raise NluUnavailable(f"{file} was altered since it was trained: train anew with `helpdesk nlu train`")
    return file
