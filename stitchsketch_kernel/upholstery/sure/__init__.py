"""How sure seams and pieces are, in mm: from the scale, the cameras and the surface's noise."""
