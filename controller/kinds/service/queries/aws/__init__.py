"""Details, deployment history and logs of one service, read from AWS."""
