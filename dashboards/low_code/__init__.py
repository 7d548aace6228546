"""The page that lists what can be changed without a line of Python."""
