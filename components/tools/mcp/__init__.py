"""Tools of servers that speak the Model Context Protocol (2025-03-26 and later, streamable HTTP)."""
