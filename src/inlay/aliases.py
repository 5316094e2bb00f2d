"""The two types that signatures everywhere speak of."""

from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
Text = str | list[str] | Array  # as a person writes it, or tokenised already
