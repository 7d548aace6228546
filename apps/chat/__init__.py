"""The customer chat: one Gradio app for every tenant, at /chat/<tenant domain>."""
