"""Settings of the apps' own Voilà that JSON can't say; the others are in ``voila.json``."""

from __future__ import annotations

from typing import Any


def give_the_page_its_cookie(request: Any, notebook: Any, cwd: str) -> None:
    """Have the answer set the cookie against forged requests.

    A page that is left asks for its kernel's end with it; Voilà's pages don't set it themselves,
    and without it that request is refused.
    """
    _ = request.xsrf_token


get_config().VoilaConfiguration.prelaunch_hook = give_the_page_its_cookie  # type: ignore[name-defined]  # noqa: F821
