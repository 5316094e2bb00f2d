"""The job behind `inlay demo`, on text that comes with Python."""
