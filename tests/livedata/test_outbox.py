import asyncio

import pytest

from livedata.outbox import WAITING_MAX, Outbox, Overrun


async def taken(outbox: Outbox, count: int) -> list[str]:
    return [await anext(outbox) for _ in range(count)]


async def test_messages_leave_in_the_order_in_which_they_came():
    outbox = Outbox()
    outbox.put_newest("book-1", "one")
    outbox.put("trade", droppable=True)
    outbox.put_newest("book-2", "two")
    outbox.put("trade", droppable=True)

    assert await taken(outbox, 4) == ["one", "trade", "two", "trade"]


async def test_a_slow_client_gets_the_newest_book_only():
    outbox = Outbox()
    for number in range(1_000):
        outbox.put_newest("book", str(number))
    outbox.put("after", droppable=True)

    assert await taken(outbox, 2) == ["999", "after"]


async def test_a_waiting_reader_wakes():
    outbox = Outbox()
    reading = asyncio.ensure_future(anext(outbox))
    await asyncio.sleep(0)
    outbox.put("late", droppable=True)

    assert await asyncio.wait_for(reading, 5) == "late"


async def test_too_many_trades_cost_the_oldest_and_never_an_order():
    outbox = Outbox()
    outbox.put("order", droppable=False)
    for number in range(WAITING_MAX + 100):
        outbox.put(str(number), droppable=True)

    told = await taken(outbox, WAITING_MAX)
    assert told[0] == "order"
    assert told[1] == "101"
    assert told[-1] == str(WAITING_MAX + 99)


async def test_many_books_cost_no_trade():
    outbox = Outbox()
    for number in range(2 * WAITING_MAX):
        outbox.put_newest(number, f"book {number}")
    outbox.put("trade", droppable=True)

    assert (await taken(outbox, 2 * WAITING_MAX + 1))[-1] == "trade"


async def test_a_client_too_slow_for_its_own_orders_is_let_go():
    outbox = Outbox()
    for number in range(WAITING_MAX + 1):
        outbox.put(str(number), droppable=False)

    with pytest.raises(Overrun):
        await anext(outbox)
