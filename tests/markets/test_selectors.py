import pytest

from markets import selectors

pytestmark = pytest.mark.django_db(databases="__all__")


def test_an_empty_catalogue_is_an_empty_page():
    page = selectors.browse(selectors.Filters(search="bitcoin"))

    assert (page.items, page.total, page.has_next, page.has_prev, page.cursor) == ([], 0, False, False, "")
    assert selectors.browse_events().items == []
    assert selectors.market_by_slug("nothing") is None
