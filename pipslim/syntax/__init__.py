"""Reading: text and nothing but text. Knows no pip, no disk, no policy."""
