"""Dagster definitions: thin wrappers that show the ingestion journey to a knowledge manager."""
