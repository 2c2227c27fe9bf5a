"""People's own servers: what they are given, and where they run."""

from hub_config.servers.configured import configure

__all__ = ["configure"]
