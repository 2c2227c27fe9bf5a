"""Pieces laid on the roll, and the cloth that this takes."""
