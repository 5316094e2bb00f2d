"""Encoders that look words up: a vector for each word of a text, pooled into one."""

from inlay.encode.static.encoder import StaticEncoder

__all__ = ["StaticEncoder"]
