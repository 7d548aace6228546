"""Workflows in n8n's JSON: read, checked, kept by version, and run node by node."""
