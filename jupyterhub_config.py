"""JupyterHub's own configuration file: reads the environment, leaves the rest to `hub_config`.

``make hub`` starts it with a demo's OpenID provider beside it. With the shop's own provider:
``jupyterhub -f jupyterhub_config.py``; the variables are told in `hub_config.settings`.
"""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from hub_config import HubSettings, configure, discover

settings = HubSettings.from_env(os.environ)
configure(get_config(), settings, discover(settings.issuer))  # noqa: F821  # JupyterHub gives it
