"""Imperative shell: executes the decisions of the core; knows no concrete kind."""
