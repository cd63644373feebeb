"""Rivals of plain one-pass SGD: their theories, beside :mod:`quadlaw.sgd.rivals`."""
