"""Mesh to cut files: seams and panels, flattening, pieces, the marker, yardage, export.

Takes and returns values (`domain.panel`, `domain.piece`, `domain.marker`). Knows `domain` alone.
"""
