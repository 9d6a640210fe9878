"""From ``hokusai.yaml`` to the desired state.

``document.load`` reads the files and returns a ``Document``, or raises a ``SpecError``
with all problems. ``files`` finds the files, ``text`` and ``parser`` turn them into
``node`` trees with source positions, ``overlay`` and ``fills`` merge them, ``compiler``
validates with the models of the kinds, and ``problems``, ``literals`` and ``graph``
produce the diagnostics.
"""
