"""Data of one's own and real tables: exponents estimated, models trained, risk measured."""
