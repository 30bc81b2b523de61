"""Figures for docs/performance.md; not part of the test suite."""
