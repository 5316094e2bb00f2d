"""Readers given what nobody should send them: see README.md beside this file."""
