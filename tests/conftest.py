"""Settings that every ring shares."""

from __future__ import annotations

import os

os.environ["PULUMI_ERROR_OUTPUT_STRING"] = "true"  # an Output inside an f-string raises instead of printing an address
