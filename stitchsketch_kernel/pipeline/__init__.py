"""The numbered stages, their hashes, the run folder, and the Papermill runner.

Joins the computing rooms with the keeping rooms; neither of those knows the other.
"""
