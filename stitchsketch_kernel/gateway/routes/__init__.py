"""The endpoints, by room. Each says which row of the table of permissions it is."""

from stitchsketch_kernel.gateway.routes import (
    fabrics,
    files,
    gateway,
    projects,
    renders,
    runs,
    users,
)
from stitchsketch_kernel.gateway.routes.route import Route

ROUTES: tuple[Route, ...] = (
    *gateway.ROUTES, *users.ROUTES, *projects.ROUTES, *fabrics.ROUTES, *runs.ROUTES,
    *renders.ROUTES, *files.ROUTES,
)  # fmt: skip

__all__ = ["ROUTES", "Route"]
