"""The folded sheet, for all tests of how sure seams and pieces are."""

from __future__ import annotations

import pytest

from stitchsketch_kernel.samples.folded import folded_sheet


@pytest.fixture(scope="session")
def sheet():
    """The maker of folded sheets."""
    return folded_sheet
