"""What a service rests on: declared beside it, and looked at before it is deployed.

``spec``, ``environment``, ``offline``, ``facts`` and the ``rules_…`` modules are pure;
``collect`` is the one that asks AWS.
"""
