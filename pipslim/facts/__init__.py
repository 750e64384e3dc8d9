"""Knowing: what is true of a document, worked out on demand, never changed."""
