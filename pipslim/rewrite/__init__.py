"""Changing, and proving it: which fixes go together, and that they change only what they say."""
