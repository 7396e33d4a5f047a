"""A count that is full: portfolios, or tokens watched at once. REST answers 429."""

from rest_framework.exceptions import Throttled

_RETRY_AFTER_S = 60  # nothing refills by itself: this only keeps a loop from asking at once


class LimitReached(Throttled):
    """Until something is closed. The message says what."""

    def __init__(self, message: str) -> None:
        super().__init__(detail=message)
        self.wait = _RETRY_AFTER_S
