"""How much of a file is taken into memory before it is refused, and how to take more.

A few kilobytes can unpack to terabytes. What is read in windows needs no limit; what has to be
in memory as a whole has one of these, which an environment variable raises.
"""

import os
from typing import NamedTuple

from inlay.errors import ArgumentError, FormatError


class Limit(NamedTuple):
    """A number of bytes that the user can change.

    Attributes:
        variable: The environment variable that changes it.
        default: The bytes without it.
        what: What is limited, for messages: "expected ... of up to ...".
    """

    variable: str
    default: int
    what: str

    def bytes(self) -> int:
        """The limit as it is now.

        Raises:
            ArgumentError: The variable holds no whole number.
        """
        said = os.environ.get(self.variable, "")
        if not said.strip():
            return self.default
        if not (said.strip().isascii() and said.strip().isdigit()):
            expected = "a whole number of bytes"
            raise ArgumentError(self.variable, expected=expected, got=repr(said))
        return int(said)

    def exceeded(self, where: str, got: str = "more") -> FormatError:
        """The error for what is larger; says how to raise the limit.

        Args:
            where: File and line.
            got: How large it is, if that is known.
        """
        return FormatError(
            where,
            expected=f"{self.what} of up to {self.bytes():,} bytes",
            got=got,
            hint=f"a larger {self.variable} in the environment, if you trust the file",
        )


# 4 GiB hold the largest public tables of vectors (3 million by 300 in float32).
UNPACKED = Limit("INLAY_MAX_UNPACKED", 1 << 32, "packed content that has to be held in memory,")
# 1 GiB holds the corpora that are a single line (text8, fil9).
TEXT = Limit("INLAY_MAX_TEXT", 1 << 30, "a line or a text")
