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
    # Plain tracebacks: with `rich` on the machine, the default prints every local, passwords too.
    plain = structlog.dev.plain_traceback
    renderers = (
        [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
        if json_lines
        else [structlog.dev.ConsoleRenderer(colors=False, exception_formatter=plain)]
    )
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            *renderers,
            # Last, on the finished line: tokens hide in addresses, in `extra` and in tracebacks.
            lambda _logger, _name, line: scrubbed(line),
        ],
    )
