"""Grounding: whether the passages carry what a language model wrote, sentence by sentence."""
