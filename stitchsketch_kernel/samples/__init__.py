"""Procedural furniture with exact truth, rendered as photos. For demo, tests and benchmarks."""
