"""From runs to numbers: curves, power laws, estimates with their intervals."""
