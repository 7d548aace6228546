"""Tools made of the operations that an OpenAPI document describes."""
