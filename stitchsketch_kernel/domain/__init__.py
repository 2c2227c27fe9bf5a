"""The trade's words as types, units and errors. Knows no other room.

Photos and views (`photo`), the model (`model`), seams and panels (`panel`), pieces and the
pattern (`piece`), fabric and marker (`marker`), units (`units`), errors (`errors`), progress
(`progress`). All are frozen values: rooms hand them on and never write into them.
"""
