"""Sign in through OpenID Connect."""

from __future__ import annotations

import asyncio
import secrets
from typing import Any
from urllib.parse import urlencode

from oauthenticator.generic import GenericOAuthenticator
from oauthenticator.oauth2 import (
    OAuthCallbackHandler,
    OAuthLoginHandler,
    _deserialize_state,
    _serialize_state,
)
from tornado import web

from hub_config.discovery import Endpoints
from hub_config.id_token import IdTokenError, IdTokens
from hub_config.people import keep_person, role_of
from hub_config.settings import HubSettings
from stitchsketch_kernel.domain.errors import StitchSketchError

#: Where the subject stands that was verified, beside the provider's tokens.
VERIFIED = "stitchsketch_subject"
REFUSED = (
    "You are signed in, but you belong to no group that works here. Ask the manager of your shop "
    "to put you into one, then sign in again."
)


class NonceLoginHandler(OAuthLoginHandler):
    """Begins a sign-in with a nonce, which the ID token must repeat."""

    _nonce = ""

    def set_state_cookie(self, state_cookie_value: str) -> None:
        """Keep the nonce beside the state, in the cookie that only this hub can write."""
        self._nonce = secrets.token_urlsafe(32)
        state = {**_deserialize_state(state_cookie_value), "nonce": self._nonce}
        super().set_state_cookie(_serialize_state(state))

    def authorize_redirect(self, *args: Any, extra_params: dict[str, str], **more: Any) -> None:
        """Send the browser to the provider."""
        super().authorize_redirect(
            *args, extra_params={**extra_params, "nonce": self._nonce}, **more
        )


class LandingCallbackHandler(OAuthCallbackHandler):
    """Ends a sign-in where the person works."""

    def get_next_url(self, user: Any = None) -> str:
        """Where to go on; `landing.place` asks the handler who has come."""
        if user is not None:
            self._jupyterhub_user = user
        return str(super().get_next_url(user))


class ShopAuthenticator(GenericOAuthenticator):
    """GenericOAuthenticator that verifies ID tokens and knows the shop's roles."""

    login_handler = NonceLoginHandler
    callback_handler = LandingCallbackHandler
    #: Set by `configure`: traitlets would write them out where configuration is shown.
    settings: HubSettings
    id_tokens: IdTokens

    def normalize_username(self, username: str) -> str:
        """A subject as it is: two that differ by case are two people."""
        return username

    async def get_token_info(self, handler: Any, params: dict[str, Any]) -> dict[str, Any]:
        """Ask for tokens; an ID token that isn't right ends the sign-in."""
        info: dict[str, Any] = await super().get_token_info(handler, params)
        fresh = params.get("grant_type") == "authorization_code"
        nonce = None
        if fresh:
            nonce = _deserialize_state(handler.get_state_cookie()).get("nonce") or ""
        elif not info.get("id_token"):
            return info  # a refresh needs to bring none: whose it is, `token_to_user` compares
        try:
            claims = await asyncio.to_thread(self.id_tokens.claims, info.get("id_token"), nonce)
        except IdTokenError as error:
            self.log.warning("Sign-in refused, the ID token is not right: %s", error)
            raise web.HTTPError(
                403, "The identity provider's answer can't be trusted. Sign in again."
            ) from error
        return {**info, VERIFIED: claims["sub"]}

    async def token_to_user(self, token_info: dict[str, Any]) -> dict[str, Any]:
        """Who somebody is; it must be the one whom the ID token names."""
        claims: dict[str, Any] = await super().token_to_user(token_info)
        if VERIFIED in token_info and claims.get("sub") != token_info[VERIFIED]:
            raise web.HTTPError(403, "The identity provider names two people. Sign in again.")
        return claims

    async def update_auth_model(self, auth_model: dict[str, Any]) -> dict[str, Any]:
        """Tell the shop's store who this is and which role the groups give."""
        claims = auth_model["auth_state"][self.user_auth_state_key]
        try:
            await asyncio.to_thread(keep_person, self.settings, claims)
        except StitchSketchError as error:
            self.log.error("Nobody can sign in: %s", error)
            raise web.HTTPError(503, "The shop's list of people can't be read now.") from error
        return auth_model

    async def refresh_user(self, user: Any, handler: Any = None, **more: Any) -> Any:
        """Ask the provider anew; who lost the last group is signed out."""
        refreshed = await super().refresh_user(user, handler, **more)
        if isinstance(refreshed, dict) and not refreshed.get("groups"):
            return False
        return refreshed


def configure(c: Any, settings: HubSettings, endpoints: Endpoints) -> None:
    """Set the hub's sign-in on traitlets' config object `c`.

    Who is in none of the groups that make a role stays outside.
    """
    ShopAuthenticator.settings = settings
    ShopAuthenticator.id_tokens = IdTokens(settings.issuer, settings.client_id, endpoints.keys)
    c.JupyterHub.authenticator_class = ShopAuthenticator
    c.JupyterHub.public_url = settings.public_url
    sign_in = c.ShopAuthenticator
    sign_in.client_id = settings.client_id
    sign_in.client_secret = settings.client_secret
    sign_in.oauth_callback_url = f"{settings.public_url}/hub/oauth_callback"
    sign_in.authorize_url = endpoints.authorize
    sign_in.token_url = endpoints.token
    sign_in.userdata_url = endpoints.userinfo
    if endpoints.sign_out:
        back = {
            "client_id": settings.client_id,
            "post_logout_redirect_uri": f"{settings.public_url}/",
        }
        sign_in.logout_redirect_url = f"{endpoints.sign_out}?{urlencode(back)}"
    sign_in.enable_pkce = True
    sign_in.scope = list(settings.scopes)
    # `sub` is the one claim that never goes to another person
    sign_in.username_claim = "sub"
    sign_in.login_service = "your shop's account"
    sign_in.auto_login = True
    sign_in.custom_403_message = REFUSED
    sign_in.manage_groups = True
    # the hub's groups are our roles: what other groups the provider has is no matter of the hub
    sign_in.auth_state_groups_key = lambda state: _group(settings, state["oauth_user"])
    sign_in.allowed_groups = {role.value for role in settings.groups}
    # groups live in the auth state, which JupyterHub encrypts
    sign_in.enable_auth_state = True
    sign_in.auth_refresh_age = 300
    sign_in.refresh_pre_spawn = True


def _group(settings: HubSettings, claims: dict[str, Any]) -> set[str]:
    role = role_of(settings, claims)
    return {role.value} if role else set()
