"""Whether this machine has a graphics processor that torch can compute on."""

from __future__ import annotations

from importlib.util import find_spec


def why_no_cuda(extra: str, *packages: str) -> str:
    """Why nothing can be computed by CUDA, a sentence; empty where it can.

    Parameters
    ----------
    extra : str
        Of our package: what installs torch and `packages`.
    packages : str
        That are needed besides torch. They are looked for and not imported: some compile
        themselves then.
    """
    missing = [name for name in ("torch", *packages) if find_spec(name) is None]
    if missing:
        there = "is" if len(missing) == 1 else "are"
        return (
            f"{' and '.join(missing)} {there} not installed: pip install 'stitchsketch[{extra}]'."
        )
    import torch

    return "" if torch.cuda.is_available() else "torch finds no CUDA device."
