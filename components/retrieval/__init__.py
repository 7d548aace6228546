"""Haystack components and the YAML pipelines that wire them into retrieval and answering."""
