"""One module for each screen: which widgets it has, where they stand, and which keys do what."""
