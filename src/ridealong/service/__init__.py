"""Ridealong's back end."""
