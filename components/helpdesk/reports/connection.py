"""A DuckDB connection that several readers share, closed by the last of them once it is out of date."""

from __future__ import annotations

from threading import Lock

import duckdb


class SharedConnection:
    """Its maker holds it too, until `release`. signature: of the files that it reads."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, signature: object) -> None:
        self.signature = signature
        self._connection = connection
        self._holders = 1
        self._lock = Lock()

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """For one more holder, who releases this afterwards."""
        with self._lock:
            self._holders += 1
            return self._connection.cursor()

    def release(self) -> None:
        """One holder fewer. A cursor dies with its connection, so that the last one closes it."""
        with self._lock:
            self._holders -= 1
            if self._holders == 0:
                self._connection.close()
