"""From ``hokusai.yaml`` to the desired state.

``document.load`` reads the files and gives a ``Document``, or a ``SpecError`` with
everything that is wrong. On the way: ``sources`` finds the files, ``text`` and
``parser`` turn them into ``node`` trees that know their places, ``overlay`` and
``fills`` lay one over another, ``compiler`` validates with the kinds' own models,
and ``problems``, ``literals`` and ``graph`` say what a person should mend.
"""
