"""A mesh to its panels: seams proposed, clicked or given, and the seam graph between panels."""
