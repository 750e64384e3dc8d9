"""How fixes are made: what a finding is, and the edits that change a file in its own style."""
