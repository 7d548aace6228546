"""From a source to clean chunks: connectors, parsing, chunking, change detection."""
