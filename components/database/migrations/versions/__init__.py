"""One file a revision, `r<number>_<what it brings>.py`, oldest first."""
