"""Containers of named arrays: a path in, a lazy mapping of names to arrays out."""
