"""The console: a client of the socket like any other. It may die at any time, and nothing happens to the fleet."""
