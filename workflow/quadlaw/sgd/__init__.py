"""One-pass SGD: problems, streams of samples, schedules, and the training of many runs."""
