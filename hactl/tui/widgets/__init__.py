"""What screens are made of. Widgets draw what they are given; they decide nothing."""
