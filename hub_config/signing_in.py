"""Sign in through OpenID Connect."""

from __future__ import annotations

from typing import Any

from hub_config.discovery import Endpoints
from hub_config.settings import HubSettings


def configure(c: Any, settings: HubSettings, endpoints: Endpoints) -> None:
    """Set the hub's sign-in on traitlets' config object `c`.

    Whoever is in none of the allowed or admin groups stays outside: an empty list lets nobody in.
    """
    c.JupyterHub.authenticator_class = "generic-oauth"
    c.JupyterHub.public_url = settings.public_url
    sign_in = c.GenericOAuthenticator
    sign_in.client_id = settings.client_id
    sign_in.client_secret = settings.client_secret
    sign_in.oauth_callback_url = f"{settings.public_url}/hub/oauth_callback"
    sign_in.authorize_url = endpoints.authorize
    sign_in.token_url = endpoints.token
    sign_in.userdata_url = endpoints.userinfo
    sign_in.enable_pkce = True
    sign_in.scope = ["openid", "profile", "email", "groups"]
    # `sub` is the one claim that never goes to another person
    sign_in.username_claim = "sub"
    sign_in.login_service = "your shop's account"
    sign_in.manage_groups = True
    sign_in.auth_state_groups_key = "oauth_user.groups"
    sign_in.allowed_groups = set(settings.allowed_groups)
    sign_in.admin_groups = set(settings.admin_groups)
    # groups live in the auth state, which JupyterHub encrypts with JUPYTERHUB_CRYPT_KEY
    sign_in.enable_auth_state = True
    sign_in.auth_refresh_age = 300
    sign_in.refresh_pre_spawn = True
