"""The Protocol that every knowledge source keeps."""

from __future__ import annotations

from typing import Protocol

from components.core.documents import SourceSnapshot


class KnowledgeSource(Protocol):
    """A place where a tenant's documents live: a folder now, Confluence and the web later."""

    @property
    def name(self) -> str:
        """Unique within a tenant; the first part of its documents' ids."""
        ...

    def fingerprint(self) -> str:
        """A cheap checksum that changes when any document does; what the sensor watches."""
        ...

    def snapshot(self) -> SourceSnapshot:
        """Every document, and every one that could not be read with its reason. Raises Unavailable
        where the listing itself fails, so that a failure never looks like a deletion."""
        ...
