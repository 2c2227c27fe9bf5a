"""How the hub is set up. `jupyterhub_config.py` is thin; what it does is here, and is tested.

`access` lists who may do what. `signing_in`, `services`, `landing` and `servers` set one part each;
`fresh` is what ``make hub`` starts: the hub with a demo's OpenID provider beside it.
"""

from hub_config.configured import configure
from hub_config.discovery import Endpoints, discover
from hub_config.settings import HubSettings

__all__ = ["Endpoints", "HubSettings", "configure", "discover"]
