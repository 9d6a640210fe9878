"""Runtimes of simulated tasks: scripts for tests, processes for the platform."""
