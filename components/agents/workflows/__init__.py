"""Workflows in n8n's JSON: read, checked, drawn, and gone through item by item as durable runs."""
