"""The cast sees what its members should see, and nothing else."""

from admissions.models import Candidate


def test_everyone_sees_his_own(cast, make_candidates):
    make_candidates(2)
    make_candidates(1, county="440104")
    make_candidates(3, city="4403")
    make_candidates(4, city="3701")
    seen = {
        name: Candidate.objects.visible_to(getattr(cast, name)).count()
        for name in ("province", "city", "county", "other_city", "school", "foreign")
    }
    assert seen == {"province": 6, "city": 3, "county": 2, "other_city": 3, "school": 0, "foreign": 4}


def test_the_client_is_logged_in(cast, client_of, season, plan_line):
    response = client_of(cast.city).get("/admissions/manage-candidates/")
    assert response.wsgi_request.user == cast.city
