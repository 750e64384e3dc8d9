"""Tests that build images with a container engine."""
