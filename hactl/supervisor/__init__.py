"""The imperative shell: one loop that turns the world into causes, asks the core, writes, tells and acts."""
