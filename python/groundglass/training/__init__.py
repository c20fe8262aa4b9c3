"""Training of the bundled models: ``python -m groundglass.training --data DIR --out DIR``."""
