"""Two sessions of one piece, photographed, turned over and photographed again, as one model."""
