"""The local platform: an AWS that runs on this machine.

``ecs`` is a simulator that knows no network and no clock of its own;
``runtimes`` are what its tasks run on; the other modules put it behind real
sockets: an HTTP endpoint, a DNS server, a webhook receiver, an MLflow server.
Everything listens on loopback and refuses anything else.
"""
