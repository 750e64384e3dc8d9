"""Measuring what the rewrite saves: builds before and after, or an estimate without any."""
