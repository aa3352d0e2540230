"""A proxy that stands in a hop and disturbs it, as drills want it. It knows no Envoy: bytes arrive, or do not."""
