"""Where nothing can be computed by CUDA, what is missing is named, and how to install it."""

from __future__ import annotations

import pytest

from stitchsketch_kernel.domain import cuda
from stitchsketch_kernel.domain.cuda import why_no_cuda


@pytest.mark.parametrize(
    ("there", "said"),
    [
        ((), "torch and gsplat are not installed: pip install 'stitchsketch[splat]'."),
        (("torch",), "gsplat is not installed: pip install 'stitchsketch[splat]'."),
        (("gsplat",), "torch is not installed: pip install 'stitchsketch[splat]'."),
    ],
)
def test_missing_packages_are_named_with_what_installs_them(monkeypatch, there, said):
    monkeypatch.setattr(cuda, "find_spec", lambda name: name if name in there else None)
    assert why_no_cuda("splat", "gsplat") == said


def test_with_the_packages_it_is_torch_that_says(monkeypatch):
    torch = pytest.importorskip("torch")
    monkeypatch.setattr(cuda, "find_spec", lambda name: name)
    for there in (False, True):
        monkeypatch.setattr(torch.cuda, "is_available", lambda there=there: there)
        assert why_no_cuda("cuda") == ("" if there else "torch finds no CUDA device.")
