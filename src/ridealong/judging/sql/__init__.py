"""Judge queries by what they give on several data sets."""
