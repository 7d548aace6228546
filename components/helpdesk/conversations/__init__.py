"""Conversations that survive: sessions, numbered messages, and turns that happen once."""
