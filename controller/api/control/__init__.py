"""Status, events and reconcile requests for a remote command line."""
