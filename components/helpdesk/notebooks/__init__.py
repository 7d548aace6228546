"""Notebooks that drive the components: which there are, how one is run, and where what it showed is kept."""
