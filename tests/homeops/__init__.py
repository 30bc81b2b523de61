"""HomeOps: the second history, proved with the machinery of the first."""
