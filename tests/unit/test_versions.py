"""An optional stack that is missing or of another time is told by name, with the supported range."""

from __future__ import annotations

import pytest

from structfill.errors import ModelError
from structfill.versions import require


def test_what_is_installed_and_supported_is_given():
    assert require("pytest", "1.0", "1000", extra="x")


def test_what_is_not_is_told():
    with pytest.raises(ModelError, match=r"no-such-package-here >= 1, < 2 .*not installed.*structfill\[some\]"):
        require("no-such-package-here", "1", "2", extra="some")
    with pytest.raises(ModelError, match=r"pytest .* is installed; structfill works with pytest >= 900, < 901"):
        require("pytest", "900", "901", extra="x")
    with pytest.raises(ModelError, match="works with pytest >= 0.1, < 0.2"):
        require("pytest", "0.1", "0.2", extra="x")
