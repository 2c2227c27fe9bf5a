"""How files come to the disk: whole, or not at all."""
