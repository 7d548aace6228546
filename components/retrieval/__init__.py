"""Haystack components and the YAML pipelines that wire them into retrieval and answering."""

from components.core.settings import quiet_third_parties

# Haystack decides while it is imported whether it reports its use to its makers: this must come before.
quiet_third_parties()
