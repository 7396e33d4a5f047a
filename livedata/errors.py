"""When the outside world fails us; trying again later may help.

Unavailable
  StaleBook          the newest book we hold is too old to trade on
  BusDown            Redis does not answer
  VenueError         Polymarket did not answer as documented
    VenueTimeout     no answer in time
    VenueDown        no connection, or HTTP 5xx
    VenueThrottled   HTTP 429
    VenueNotFound    HTTP 404: the venue does not know it
    VenueBadPayload  an answer we cannot read
"""


class Unavailable(Exception):
    """REST answers 503 with `Retry-After`."""

    retry_after_s = 2


class StaleBook(Unavailable):
    pass


class BusDown(Unavailable):
    pass


class VenueError(Unavailable):
    retry_after_s = 5


class VenueTimeout(VenueError):
    pass


class VenueDown(VenueError):
    pass


class VenueThrottled(VenueError):
    def __init__(self, message: str, retry_after_s: int = 10) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class VenueNotFound(VenueError):
    pass


class VenueBadPayload(VenueError):
    pass
