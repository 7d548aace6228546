"""The one door to language models: routing, circuits, budgets and the prompt cache over components.models."""
