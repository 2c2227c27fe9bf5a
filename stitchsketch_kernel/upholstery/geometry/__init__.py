"""Triangles and their unrolling, for whoever shapes surfaces here."""
