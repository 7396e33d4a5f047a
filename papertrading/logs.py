"""Log lines: the message is a fixed event name, the facts stand in `extra`."""

import logging

import structlog

from accounts.scrub import scrubbed


def formatter(*, json_lines: bool) -> logging.Formatter:
    shared = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer = (
        structlog.processors.JSONRenderer() if json_lines else structlog.dev.ConsoleRenderer(colors=False)
    )
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            renderer,
            # Last, on the finished line: tokens hide in addresses, in `extra` and in tracebacks.
            lambda _logger, _name, line: scrubbed(line),
        ],
    )
