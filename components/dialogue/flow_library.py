"""The flows that come with the project: what a tenant says until it has flows of its own, and what those can run."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path, PurePath
from types import MappingProxyType

from components.core.errors import InvalidFlow
from components.dialogue.flow import FlowSet
from components.dialogue.flow_files import read_flows
from components.dialogue.flow_reading import load_flows
from components.dialogue.flow_yaml import LARGEST_FILE, MOST_FILES

SHIPPED_VERSION = 0
_SHIPPED = Path(__file__).parent / "flows"
_ENDINGS = (".yaml", ".yml")


@cache
def shipped_flows() -> Mapping[str, str]:
    """The YAML texts by file name, `main.yaml` among them."""
    return MappingProxyType(read_flow_folder(_SHIPPED))


@cache
def shipped_flow_set() -> FlowSet:
    """The same, read: version 0 of every tenant."""
    return load_flows(shipped_flows(), version=SHIPPED_VERSION)


def with_shipped(files: Mapping[str, str]) -> dict[str, str]:
    """A complete set: these files, and the shipped flows that they do not have one of their own for."""
    own = {*read_flows(files).flows, *(PurePath(name).stem for name in files)}
    return {**{name: text for name, text in shipped_flows().items() if PurePath(name).stem not in own}, **files}


def read_flow_folder(folder: Path) -> dict[str, str]:
    """The flow files right in a folder, by name. Raises InvalidFlow for a folder without any, with too many, or with
    one that is too large or not UTF-8."""
    if not folder.is_dir():
        raise InvalidFlow(f"{folder}: no such folder", field="path")
    paths = sorted(path for path in folder.iterdir() if path.suffix in _ENDINGS)
    if not paths:
        raise InvalidFlow(f"{folder}: no file ends in {' or '.join(_ENDINGS)}", field="path")
    if len(paths) > MOST_FILES:
        raise InvalidFlow(f"{folder}: {len(paths)} flow files: at most {MOST_FILES} are allowed", field="path")
    return {path.name: read_flow_file(path) for path in paths}


def read_flow_file(path: Path) -> str:
    """The text of one file. Raises InvalidFlow where it cannot be read, is too large, or is not UTF-8."""
    try:
        with path.open("rb") as opened:
            content = opened.read(LARGEST_FILE + 1)
        if len(content) > LARGEST_FILE:
            raise InvalidFlow(f"{path}: more than {LARGEST_FILE // 1024} KB, which are allowed", field="path")
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidFlow(f"{path}: byte {error.start} is not UTF-8, which is needed", field="path") from error
    except OSError as error:
        raise InvalidFlow(f"{path}: {error.strerror or error}", field="path") from error
