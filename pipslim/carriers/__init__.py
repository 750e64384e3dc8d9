"""Shell and Dockerfile text inside other files: read, rewritten in its place, and proven."""
