"""How honest is it? Paper orders against real ones, on a simulated exchange: `make fidelity`.

The same seeded flow runs twice for each probe order: once with the order really in the exchange's book
(the truth), once with it as a paper order that sees the public feed alone. What the two got is compared
(docs/fill-model.md). Django is not needed.

    session.py   one market, hours of it, some hundreds of probes: truth, paper, naive models
    tally.py     what was found, per profile; the goals
    table.py     the same for people
"""
