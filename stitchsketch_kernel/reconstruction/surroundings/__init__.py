"""What stands in the room beside the piece: people, mirrors, another piece on the same mats."""
