"""AWS on this machine, for tests and the local platform.

``ecs`` simulates ECS without network and clock, ``runtimes`` run its tasks, ``moto``
provides the other AWS services, and ``load_balancer`` serves the routes. The other
modules are servers: an HTTP endpoint, DNS, a webhook receiver and MLflow. All of them
listen on loopback addresses only.
"""
