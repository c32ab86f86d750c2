"""录取名册 of the school: its own, read only."""

URL = "/rosters/view-roster/"


def test_shows_ones_own(cast, client_of, roster):
    client = client_of(cast.registrar)
    assert roster.digest[:16] in client.get(URL).content.decode()
    assert client.get(f"{URL}{roster.pk}/").status_code == 200
    assert b"".join(client.get(f"{URL}{roster.pk}/pdf/").streaming_content).startswith(b"%PDF")


def test_anothers_is_not_there(cast, client_of, roster):
    client = client_of(cast.other_school)
    assert roster.digest[:16] not in client.get(URL).content.decode()
    assert client.get(f"{URL}{roster.pk}/").status_code == 404
    assert client.get(f"{URL}{roster.pk}/pdf/").status_code == 404


def test_needs_the_function(cast, client_of, roster):
    assert client_of(cast.member).get(URL).status_code == 403
    assert client_of(cast.city).get(URL).status_code == 403
