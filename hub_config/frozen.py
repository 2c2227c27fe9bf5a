"""Loaded last by the program that kernels are copied from: what it holds is gone through no more.

Python's collector writes into all that it goes through, and what a copy writes is not shared.
"""

import gc

gc.collect()
gc.freeze()
