"""What simulated tasks run on: scripts for tests, processes for the platform."""
