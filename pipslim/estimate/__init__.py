"""Estimating what pip's cache would leave in an image, by asking a package index."""
