"""Synchronous code under ASGI runs on threads that are kept, one request at a time on each."""

import asyncio
import threading

from asgiref.sync import sync_to_async

from papertrading.threads import KeptThreads


async def test_requests_one_after_the_other_share_a_thread():
    seen: list[int] = []

    async def application(scope, receive, send):
        await sync_to_async(lambda: seen.append(threading.get_ident()))()

    kept = KeptThreads(application)
    for _ in range(3):
        await kept({}, None, None)

    assert len(seen) == 3
    assert len(set(seen)) == 1


async def test_requests_at_the_same_time_do_not_wait_for_each_other():
    both = threading.Barrier(2, timeout=5)

    async def application(scope, receive, send):
        await sync_to_async(both.wait)()  # passes only when both are inside

    kept = KeptThreads(application)

    await asyncio.gather(kept({}, None, None), kept({}, None, None))

    assert both.n_waiting == 0


async def test_a_request_that_fails_gives_its_thread_back():
    seen: list[int] = []

    async def application(scope, receive, send):
        await sync_to_async(lambda: seen.append(threading.get_ident()))()
        raise ValueError(scope["name"])

    kept = KeptThreads(application)
    for name in ("one", "two"):
        try:
            await kept({"name": name}, None, None)
        except ValueError as failure:
            assert str(failure) == name

    assert len(set(seen)) == 1
