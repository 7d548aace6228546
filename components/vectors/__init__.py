"""LanceDB: one table a tenant, and its face as a Haystack document store."""
