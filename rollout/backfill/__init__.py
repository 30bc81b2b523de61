"""Changing many rows by keyset batches: short transactions, resumable, in parallel."""
