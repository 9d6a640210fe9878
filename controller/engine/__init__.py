"""The imperative shell: carries out what the core decides; knows no concrete kind."""
