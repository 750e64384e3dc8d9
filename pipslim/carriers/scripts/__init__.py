"""Scripts that a build runs: read in their place in the build, and mended as its RUNs are."""
