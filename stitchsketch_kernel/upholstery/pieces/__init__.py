"""Flat panels to what is cut: allowances, notches, mirrored pairs, the shop's rules."""
