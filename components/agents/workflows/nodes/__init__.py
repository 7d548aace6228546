"""The types of nodes that workflows may be made of, a file each."""
