"""Photos in: reading, EXIF, quality, tags of mats found, and the printable mat.

Takes paths and pixels, returns values (`domain.photo`, `domain.board`). Knows only `domain`.
"""
