"""Judge schemas by what they refuse and let in."""
