"""Proof of the promise: killed at any moment, under traffic, no row is lost."""
