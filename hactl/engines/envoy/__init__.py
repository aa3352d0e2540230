"""Every line that knows Envoy: its documents, its admin interface, its statistics. Nothing outside knows any of it."""
