"""Python that a build runs: who is given some, and which commands that gives to others."""
