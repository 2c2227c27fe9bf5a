"""The upholsterers' apps: Voilà as a service of the hub.

Beside Voilà as it comes: people sign in by the hub; a kernel belongs to the person whose page began
it, and has that person's token for the gateway; nothing else of the service's environment reaches
a kernel. The page can't run code: Voilà takes no ``execute_request``.
"""

from __future__ import annotations

import os
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from jupyter_server.auth import Authorizer
from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager
from jupyterhub.singleuser.extension import JupyterHubIdentityProvider
from jupyterhub.utils import url_path_join
from tornado import web
from traitlets.config import Config
from voila.app import Voila
from voila.shutdown_kernel_handler import VoilaShutdownKernelHandler

from hub_config import forked

#: The app that people land on; where it is missing, the first by name.
FIRST_APP = "projects.ipynb"
#: Of the service's environment, what a kernel is given.
_FOR_KERNELS = (
    "HOME", "LANG", "LC_ALL", "PATH", "PYTHONPATH", "VIRTUAL_ENV", "STITCHSKETCH_GATEWAY_URL",
    "STITCHSKETCH_RUNS", "JUPYTER_PATH", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR",
)  # fmt: skip
_FROM_VOILA = (
    "SCRIPT_NAME", "PATH_INFO", "QUERY_STRING", "SERVER_NAME", "SERVER_PORT", "SERVER_PROTOCOL",
    "SERVER_SOFTWARE", "VOILA_",
)  # fmt: skip

#: Voilà's extensions that the apps' screens need; JupyterLab's others stay out of their pages.
_EXTENSIONS = [
    "@voila-dashboards/widgets-manager8", "@jupyter-widgets/jupyterlab-manager", "anywidget",
]  # fmt: skip
#: After this a kernel whose page was closed is ended.
_IDLE_KERNEL_S = 900
#: Voilà's own lists of files, which show more than the apps; their pages load from other hosts.
_LEFT_OUT = ("/voila/tree", "/voila/api/contents")

#: Who asks for the page that is being made: its name, and its token.
_ASKING: ContextVar[tuple[str, str] | None] = ContextVar("asking", default=None)


class AppsIdentity(JupyterHubIdentityProvider):
    """People sign in by the hub; Voilà doesn't put the service's prefix before its pages itself."""

    def __init__(self, **more: Any) -> None:
        more.pop("token", None)  # Voilà's own, which the hub's takes the place of
        super().__init__(**more)

    def get_handlers(self) -> list[Any]:
        """Pages of signing in and out."""
        prefix = self.hub_auth.base_url
        return [(url_path_join(prefix, one[0]), *one[1:]) for one in super().get_handlers()]


class PersonalKernels(AsyncMappingKernelManager):
    """Kernels with the environment that a person's page may have, and their owners."""

    def __init__(self, **more: Any) -> None:
        super().__init__(**more)
        self.owners: dict[str, str] = {}

    async def start_kernel(self, **more: Any) -> str:
        """Start a kernel for whoever asks for the page."""
        asking = _ASKING.get()
        if asking is None:
            raise web.HTTPError(403, "Nobody is signed in.")
        given = more.pop("env", {})
        environment = for_kernels() | {
            name: value for name, value in given.items() if name.startswith(_FROM_VOILA)
        }
        environment["STITCHSKETCH_GATEWAY_TOKEN"] = asking[1]
        kernel_id = str(await super().start_kernel(env=environment, **more))
        self.owners[kernel_id] = asking[0]
        return kernel_id

    def remove_kernel(self, kernel_id: str) -> Any:
        """Forget a kernel that has ended."""
        self.owners.pop(kernel_id, None)
        return super().remove_kernel(kernel_id)


def for_kernels() -> dict[str, str]:
    """What of the service's environment kernels are given."""
    return {name: os.environ[name] for name in _FOR_KERNELS if name in os.environ}


class OwnKernels(Authorizer):
    """A kernel is for the person alone whose page began it."""

    def is_authorized(self, handler: JupyterHandler, user: Any, action: str, resource: str) -> bool:
        """Whether somebody may do this."""
        if resource != "kernels":
            return True
        return owns(handler, user, handler.path_kwargs.get("kernel_id", ""))


def owns(handler: JupyterHandler, user: Any, kernel_id: str) -> bool:
    """Whether a kernel is there and somebody's own."""
    owner = handler.kernel_manager.owners.get(kernel_id)
    return owner is not None and user is not None and owner == user.username


class ShutDown(VoilaShutdownKernelHandler):
    """Ends the kernel of a page that is closed."""

    @web.authenticated
    async def post(self, kernel_id: str) -> None:
        """End it, if it is the person's own."""
        if not owns(self, self.current_user, kernel_id):
            raise web.HTTPError(404)
        await super().post(kernel_id)


class FirstPage(JupyterHandler):
    """Leads to the app that people begin with."""

    @web.authenticated
    def get(self) -> None:
        """Go there."""
        apps = Path(self.settings["stitchsketch_apps"])
        names = sorted(path.name for path in apps.glob("*.ipynb"))
        if not names:
            raise web.HTTPError(404, "No apps are installed here.")
        name = FIRST_APP if FIRST_APP in names else names[0]
        self.redirect(url_path_join(self.base_url, "voila/render", name))


class Apps(Voila):
    """Voilà over the folder of apps."""

    def init_handlers(self) -> list[Any]:
        """Voilà's pages; its root leads to the first app."""
        self.app.settings["stitchsketch_apps"] = self.root_dir
        ours = [
            (self.server_url, FirstPage),
            (url_path_join(self.server_url, "/voila/api/shutdown/(.*)"), ShutDown),
        ]
        left_out = tuple(url_path_join(self.server_url, page) for page in _LEFT_OUT)
        theirs = [one for one in super().init_handlers() if not str(one[0]).startswith(left_out)]
        return [*ours, *theirs]


def remember_who_asks(request: Any, notebook: Any, cwd: str) -> None:
    """Voilà's hook before it starts a kernel for a page."""
    handler = request if isinstance(request, JupyterHandler) else None
    if handler is None or handler.current_user is None:
        raise web.HTTPError(403, "Nobody is signed in.")
    token = handler.identity_provider.hub_auth.get_token(handler) or ""
    _ASKING.set((handler.current_user.username, token))


def configuration() -> Config:
    """Voilà's settings."""
    c = Config()
    c.VoilaConfiguration.template = "stitchsketch"
    c.VoilaConfiguration.extension_allowlist = _EXTENSIONS
    c.VoilaConfiguration.multi_kernel_manager_class = PersonalKernels
    c.VoilaConfiguration.prelaunch_hook = remember_who_asks
    c.VoilaConfiguration.show_tracebacks = False
    # what a page needs is in it, or comes from the gateway
    c.VoilaConfiguration.file_allowlist = ["^$"]
    c.Voila.identity_provider_class = AppsIdentity
    c.Voila.authorizer_class = OwnKernels
    c.Voila.tornado_settings = {"mathjax_url": None, "mathjax_config": None}
    c.Voila.open_browser = False
    c.Voila.ip = os.environ.get("STITCHSKETCH_APPS_BIND", "127.0.0.1")
    # another port than the proxy knows would be of no use
    c.Voila.port_retries = 0
    c.KernelProvisionerFactory.default_provisioner_name = forked.NAME
    c.PersonalKernels.cull_idle_timeout = _IDLE_KERNEL_S
    c.PersonalKernels.cull_interval = 60
    return c


def main() -> None:
    """Serve until the hub ends it."""
    forked.use(for_kernels())
    c = configuration()
    c.Voila.base_url = os.environ["JUPYTERHUB_SERVICE_PREFIX"]
    c.Voila.port = int(os.environ["JUPYTERHUB_SERVICE_URL"].rstrip("/").rpartition(":")[2])
    app = Apps.instance(config=c)
    app.initialize([os.environ["STITCHSKETCH_APPS"]])
    app.start()
