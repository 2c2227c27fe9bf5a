"""StitchSketch: photos of a piece of furniture in, cut-ready patterns out.

The rooms of this package are named after the trade; each one's ``__init__`` says what it takes,
what it gives and whom it may know::

    domain          the trade's words as types, units and errors (knows nobody)
    imaging         photos in, views with quality and mats out
    reconstruction  photos -> cameras -> metric mesh
    upholstery      mesh -> seams, panels -> flat pieces -> marker -> cut files
    visualization   pictures of all of these
    projects, users, storage   what a shop keeps
    pipeline        the numbered stages, their hashes, the Papermill runner
    samples         furniture with exact truth, for the demo, tests and benchmarks
"""

__version__ = "0.1.0"
