"""One module per screen: its widgets, their layout, and its keys."""
