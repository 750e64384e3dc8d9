"""Review: asking for each fix at a terminal, and patches for those who own the files."""
