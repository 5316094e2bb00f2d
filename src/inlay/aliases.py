"""The two types that signatures everywhere speak of."""

from collections.abc import Sequence
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
Text = str | Sequence[str]  # as a person writes it, or tokenised already
