"""Arguments looked at once, in the same words everywhere, before any work begins."""
