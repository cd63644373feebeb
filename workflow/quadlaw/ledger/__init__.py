"""The claims, the configuration and its cost: collected from all studies."""
