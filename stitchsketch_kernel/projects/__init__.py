"""What a shop keeps of its jobs: projects, scans, runs, stages, artefacts.

`records` are the values, `interface` what a store must do, `embedded` the default on a fresh
machine (SQLite through SQLAlchemy). PostgreSQL and the gateway will stand behind the same
interface. Knows only `domain`; it computes nothing.
"""
