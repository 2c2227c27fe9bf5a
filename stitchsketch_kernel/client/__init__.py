"""The stores of projects, people and objects over the gateway, for a person's own kernel.

The same interfaces as `projects`, `users` and `storage` have; what they ask goes over HTTPS with a
token, so that a kernel never holds a database password::

    client = GatewayClient("https://hub.example.com/services/gateway", token)
    projects = GatewayProjectStore(client)
"""

from stitchsketch_kernel.client.connection import GatewayClient
from stitchsketch_kernel.client.objects import GatewayObjectStore
from stitchsketch_kernel.client.projects import GatewayProjectStore
from stitchsketch_kernel.client.users import GatewayUserStore

__all__ = ["GatewayClient", "GatewayObjectStore", "GatewayProjectStore", "GatewayUserStore"]
