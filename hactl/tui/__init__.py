"""The console: a client of the socket like any other. It may die at any time without affecting the fleet."""
