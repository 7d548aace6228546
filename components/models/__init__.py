"""Embedders and answer generators, each behind a Protocol of components.core."""
