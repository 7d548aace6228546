"""One asset a file: the ingestion's stages, as a knowledge manager follows them."""
