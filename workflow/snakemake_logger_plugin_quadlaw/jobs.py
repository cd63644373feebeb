"""The jobs of a run, and about how long those that are left will take."""

from collections import Counter, defaultdict
from collections.abc import Mapping


class Jobs:
    """The jobs of a run: how many of each rule there are, how many are done, which are at work.

    ``counts`` are those of each rule; times are in seconds, on any one clock.
    """

    def __init__(self, counts: Mapping[str, int], now: float):
        self.total, self.began = Counter(counts), now
        self.at_work = {}  # number of the job: rule, message, log file, when it began
        self.seconds = defaultdict(list)  # rule: how long each finished job took

    def start(self, number: int, rule: str, message: str, log: str, now: float) -> None:
        self.at_work[number] = rule, message, log, now

    def finish(self, number: int, now: float) -> None:
        if number not in self.at_work:  # it has failed
            return
        rule, *_, began = self.at_work.pop(number)
        self.seconds[rule].append(now - began)

    def fail(self, number: int) -> None:
        self.at_work.pop(number, None)

    def done(self, rule: str | None = None) -> int:
        """Of one rule, or of all."""
        return len(self.seconds[rule]) if rule else sum(map(len, self.seconds.values()))

    def seconds_left(self, now: float) -> float | None:
        """A job takes as long as those of its rule so far, or as all so far if its rule has not
        come yet, and as many run at a time as so far. ``None`` before the first is done."""
        every = [one for some in self.seconds.values() for one in some]
        if not every:
            return None
        usual = {rule: _mean(self.seconds[rule] or every) for rule in self.total}
        spent = [(usual[rule], now - began) for rule, _, _, began in [*self.at_work.values()]]
        left = sum(usual[rule] * (self.total[rule] - self.done(rule)) for rule in self.total)
        left -= sum(map(min, spent))
        at_a_time = (sum(every) + sum(so_far for _, so_far in spent)) / (now - self.began)
        return left / at_a_time


def _mean(numbers: list[float]) -> float:
    return sum(numbers) / len(numbers)


def duration(seconds: float | None) -> str:
    """In words, as exactly as an estimate deserves."""
    if seconds is None:
        return ""
    if seconds < 90:
        return f"about {10 * max(1, round(seconds / 10))} s left"
    if seconds < 5400:
        return f"about {seconds / 60:.0f} min left"
    return f"about {seconds / 3600:.1f} h left"
