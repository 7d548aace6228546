"""One check a file: what must hold of a tenant's knowledge before it serves."""
