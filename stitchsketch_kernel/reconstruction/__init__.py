"""Photos to a metric mesh: alignment, scale, dense depth, fusion, cleaning.

Takes and returns values (`domain.model`). Knows `domain` and the types of `imaging`.
"""
