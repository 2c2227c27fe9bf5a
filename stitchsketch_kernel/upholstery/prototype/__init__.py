"""The cover before it is cut: where on the roll the cloth of each place of the mesh comes from."""
