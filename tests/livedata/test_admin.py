import pytest
from django.test import Client

from accounts.models import User
from livedata.sync import sync_full
from markets.models import Event, Market, SyncState
from tests.make import gamma_event, gamma_market

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.usefixtures("hasty")]


@pytest.fixture
def venue(recorded_venue):
    rows = [gamma_market(n, question=f"Will {name} win?") for n, name in ((1, "Ada"), (2, "Bea"))]
    app = recorded_venue(events=[gamma_event(5, rows, title="Mayor")])
    for row in app.markets:
        row["events"] = [{"id": "5", "slug": "event-5", "title": "Mayor"}]
    sync_full()
    return app


@pytest.fixture
def staff(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("admin@example.com", "a long password"))
    return client


@pytest.mark.portable
def test_every_page_of_the_catalogue_opens_and_nothing_can_be_edited(venue, staff):
    for name, key in (("market", "1"), ("event", "5"), ("syncstate", "full")):
        listed = staff.get(f"/admin/markets/{name}/")
        shown = staff.get(f"/admin/markets/{name}/{key}/change/")
        assert (listed.status_code, shown.status_code) == (200, 200)
        assert staff.get(f"/admin/markets/{name}/add/").status_code == 403
        assert staff.post(f"/admin/markets/{name}/{key}/delete/", {"post": "yes"}).status_code == 403
        staff.post(
            f"/admin/markets/{name}/{key}/change/", {"question": "Mine?", "title": "Mine", "phase": "mine"}
        )
    assert Market.objects.get(pk="1").question == "Will Ada win?"
    assert Event.objects.get(pk="5").title == "Mayor"
    assert SyncState.objects.get(pk="full").phase == ""


@pytest.mark.portable
def test_the_search_box_asks_the_catalogues_index(venue, staff):
    body = staff.get("/admin/markets/market/", {"q": "BEA w"}).content.decode()

    assert "Will Bea win?" in body
    assert "Will Ada win?" not in body


def test_a_resync_asks_the_venue_again(venue, staff):
    venue.markets[0]["question"] = "Will Ada really win?"
    venue.markets.pop(1)

    answer = staff.post(
        "/admin/markets/market/",
        {"action": "resync", "_selected_action": ["1", "2"], "index": 0},
        follow=True,
    )

    told = [str(message) for message in answer.context["messages"]]
    assert told[0] == "1 read again from the venue."
    assert told[1].startswith("market-2: The venue knows no slug")
    assert Market.objects.get(pk="1").question == "Will Ada really win?"
    assert Market.objects.filter(pk="2").exists()
