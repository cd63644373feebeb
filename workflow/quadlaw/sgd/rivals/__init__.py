"""Rivals of plain one-pass SGD: their runs, a module each, beside :mod:`quadlaw.theory.rivals`."""
