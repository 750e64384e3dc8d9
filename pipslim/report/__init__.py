"""Reports: outcomes as text for people and machines; pure builders, no stream but the one given."""
