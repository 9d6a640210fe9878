"""Registration of tasks in Cloud Map."""
