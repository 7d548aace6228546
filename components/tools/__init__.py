"""What the helpdesk can do: a registry of tools, each call of which is checked, limited, approved, and made once."""
