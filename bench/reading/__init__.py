"""The parts of bench/reads.py: data, queries, plans, timing, index sets, pages."""
