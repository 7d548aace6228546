"""A flow file as plain values with the line of each: components.core.written_yaml, whose faults are problems here."""

from __future__ import annotations

from components.core.written_yaml import DEEPEST, LARGEST_FILE, Path, Written, YamlFault, read_written
from components.dialogue.flow_problem import FlowProblem

__all__ = ["DEEPEST", "LARGEST_FILE", "MOST_FILES", "Path", "Written", "read_yaml"]

MOST_FILES = 100


def read_yaml(file: str, text: str) -> Written | FlowProblem:
    """Its content, or why it cannot be read."""
    read = read_written(file, text, needed="a list of nodes under the key nodes")
    return FlowProblem(file, read.line, None, read.message) if isinstance(read, YamlFault) else read
