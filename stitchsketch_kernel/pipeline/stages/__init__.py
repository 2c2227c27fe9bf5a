"""The nine stages, one module each, all of the same shape.

``NAME`` and ``NUMBER``; ``VERSION``, raised when results change for the same inputs; ``INPUTS``,
the earlier stages that it reads; ``SETTINGS``, where its settings' dataclasses are, by group;
``FILES``, what it reads from outside and how to check it; ``PUBLISHES``, what of its folder goes
where in the run's folder; ``WEIGHT``, its usual seconds on forty photos; and ``compute(context)``,
which writes artefacts to ``context.folder`` and returns the stage's figures.
"""
