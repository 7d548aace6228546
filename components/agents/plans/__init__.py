"""Declared plans: how a goal is reached without a language model, step by step."""
