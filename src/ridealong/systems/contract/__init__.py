"""A learner's OpenAPI document: read, served, compared, held against style guides."""
