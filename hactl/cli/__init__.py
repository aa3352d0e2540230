"""The headless face: parse, ask a Controller, print. Opens the other faces only when asked."""
