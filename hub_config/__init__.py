"""How the hub is set up. `jupyterhub_config.py` is thin; what it does is here, and is tested.

The first part: signing in through the shop's own OpenID provider. Proxy, spawner, gateway and
roles come with the hub's own issue.
"""

from hub_config.discovery import Endpoints, discover
from hub_config.settings import HubSettings
from hub_config.signing_in import configure

__all__ = ["Endpoints", "HubSettings", "configure", "discover"]
