"""The agents' console: one Gradio app for every tenant, at /console/<tenant domain>."""
