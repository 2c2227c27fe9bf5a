"""The new cover before it is cut: cloths, stills, turntables, GLB, and the customer's page."""
