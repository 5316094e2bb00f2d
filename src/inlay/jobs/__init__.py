"""Long work: threads, progress, a clean stop, and going on where it was."""
