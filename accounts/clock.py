"""This machine's clock, as this app stores time."""

import time


def now_ms() -> int:
    return time.time_ns() // 1_000_000
