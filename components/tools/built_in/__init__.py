"""The tools that every tenant has."""
