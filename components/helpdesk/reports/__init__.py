"""Every figure that people look at, each with its one definition here."""
