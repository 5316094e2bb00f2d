"""Bytes in and out: unpacked, cut into windows and lines, written whole or not at all."""
