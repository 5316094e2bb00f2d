"""What each framework needs in order to be a guest: one file a framework."""
