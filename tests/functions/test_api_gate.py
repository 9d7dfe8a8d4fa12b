"""Who may do what with which key, requests that come twice, and too many of them: through Chalice."""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from chalice.test import Client, HTTPResponse

from grapevine.adapters.memory.catalog import MemoryCatalog
from grapevine.adapters.memory.requests import MemoryRequests
from grapevine.domain.api_keys import MOST_OF, KeyKind, Scope
from grapevine.domain.errors import UnavailableError
from grapevine.domain.people import Promoter
from grapevine.domain.requests import ANSWER_LIFE, LEASE, Claim, opened
from grapevine.runtime.routes import ROUTES
from tests import builders as make
from tests.builders import ANA, BO, CY, minutes
from tests.functions.test_console import NEW_PROGRAM, NEW_PROMOTER, PROGRAM, Api, api, merchant
from tests.problems import told
from tests.runtime.observed import Line, invocations
from tests.worlds import World

__all__ = ["api"]

Clients = Callable[[str], Client]
OWN = {"kind": "promoter", "program_id": make.PROGRAM_ID, "promoter_id": CY}
SHOP = {"kind": "storefront", "program_id": make.PROGRAM_ID, "storefront_id": make.STOREFRONT_ID}
SETTINGS: dict[str, dict[str, Any]] = {
    "merchant": {"kind": "merchant"},
    "read_only": {"kind": "read_only"},
    "storefront": SHOP,
    "promoter": OWN,
}


def keyed(api: Api, **settings: Any) -> Api:  # noqa: ANN401 - JSON
    """Return the API as somebody with a new key calls it."""
    return Api(api.console, api.post("/keys", {"name": "One of them", **settings})["key"])


def status_of(api: Api, method: str, path: str, body: object = None) -> tuple[int, str]:
    answer = api.call(method, path, body)
    code = answer.json_body.get("code", "") if answer.status_code >= 400 else ""
    return answer.status_code, code


# --- keys ----------------------------------------------------------------------------------------


def test_a_key_is_told_once_and_opens_what_it_may(world: World, api: Api, lines: list[Line]) -> None:
    made = api.post("/keys", {"name": " Till ", "kind": "read_only", "scopes": ["programs:read"]})
    assert {name: made[name] for name in ("name", "kind", "scopes", "revoked_at")} == {
        "name": "Till",
        "kind": "read_only",
        "scopes": ["programs:read"],
        "revoked_at": None,
    }
    secret = made.pop("key").split(".")[2]
    assert api.get(f"/keys/{made['id']}") == made
    assert [one["id"] for one in api.get("/keys")["keys"]] == sorted(["key_test", made["id"]])
    assert secret not in repr(world.catalog.api_key(made["id"])) + json.dumps(lines)
    till = Api(api.console, f"gv.{made['id']}.{secret}")
    assert till.get(PROGRAM)["id"] == make.PROGRAM_ID
    assert till.refused("GET", f"{PROGRAM}/promoters", None, 403) == {
        "code": "forbidden",
        "detail": "this key has no scope promoters:read",
    }
    assert invocations(lines)[-1]["key"] == made["id"]


@pytest.mark.parametrize("kind", SETTINGS)
def test_no_route_does_more_than_a_keys_kind_may(api: Api, kind: str) -> None:
    """Every route, at the key's own place: 403 exactly where the kind has not its scope."""
    place = {
        "program_id": make.PROGRAM_ID,
        "promoter_id": CY,
        "storefront_id": make.STOREFRONT_ID,
    }
    other = keyed(api, **SETTINGS[kind])
    for route in ROUTES:
        path = re.sub(r"\{(\w+)\}", lambda name: place.get(name.group(1), "1"), route.path)
        status, code = status_of(other, route.method, path, {} if route.method != "GET" else None)
        bound = kind == "promoter" and "{promoter_id}" not in route.path
        bound |= kind in ("storefront", "promoter") and "{program_id}" not in route.path
        allowed = route.scope in MOST_OF[KeyKind(kind)] and not bound
        assert (status == 403) == (not allowed), (route.path, status, code)
        assert status not in (401, 500)


def test_a_promoter_sees_their_own_and_nobody_elses(api: Api) -> None:
    cy = keyed(api, **OWN)
    assert cy.get(f"{PROGRAM}/promoters/{CY}")["id"] == CY
    assert cy.post(f"{PROGRAM}/promoters/{CY}/links", {"destination": "https://shop.example/"})["code"]
    for path in ("", "/balance", "/entries", "/links", "/payouts", "/commissions", "/payee"):
        assert status_of(cy, "GET", f"{PROGRAM}/promoters/{BO}{path}") == (403, "forbidden")
        # What nobody has is refused in the same words: the answer tells nothing about who is there.
        assert status_of(cy, "GET", f"{PROGRAM}/promoters/pr_gone{path}") == (403, "forbidden")
    encoded = CY.replace("_", "%5F")
    assert status_of(cy, "GET", f"{PROGRAM}/promoters/{encoded}/balance")[0] in (200, 403)


def test_a_key_that_was_revoked_opens_nothing_at_once(api: Api) -> None:
    made = api.post("/keys", {"name": "Till", "kind": "merchant"})
    till = Api(api.console, made["key"])
    revoked = api.changed(f"/keys/{made['id']}/revoke", {})
    assert revoked["revoked_at"] == "2026-11-11T09:00:00.000Z"
    assert told(till.call("GET", "/programs").json_body) == {"code": "unauthenticated"}
    assert api.changed(f"/keys/{made['id']}/revoke", {}) == revoked
    assert api.refused("POST", "/keys/key_test/revoke", {}, 409)["code"] == "refused"


def test_somebody_elses_keys_are_not_there(world: World, client: Clients, api: Api) -> None:
    other = merchant(world, client, "other")
    for method, path in (("GET", "/keys/key_test"), ("POST", "/keys/key_test/revoke")):
        assert other.refused(method, path, {} if method == "POST" else None, 404)["code"] == "not_found"
    assert [one["id"] for one in other.get("/keys")["keys"]] == ["key_other"]
    settings = {"name": "x", "kind": "read_only", "program_id": make.PROGRAM_ID}
    assert other.refused("POST", "/keys", settings, 404)["code"] == "not_found"


def test_a_key_makes_none_that_may_more(api: Api) -> None:
    narrow = keyed(api, kind="merchant", scopes=["keys:write", "links:read"])
    assert narrow.refused("POST", "/keys", {"name": "x", "kind": "merchant"}, 403)["code"] == "forbidden"
    assert keyed(narrow, kind="merchant", scopes=["links:read"]).key


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({"kind": "merchant"}, {"name"}),
        ({"name": "x"}, {"kind"}),
        ({"name": "x", "kind": "owner"}, {"kind"}),
        ({"name": "", "kind": "promoter"}, {"name", "program_id", "promoter_id"}),
        ({"name": "x", "kind": "read_only", "scopes": ["keys:write"]}, {"scopes[0]"}),
        ({"name": "x", "kind": "read_only", "scopes": ["all"]}, {"scopes[0]"}),
        ({"name": "x", "kind": "merchant", "storefront_id": "sf_test"}, {"storefront_id"}),
        ({"name": "x", "kind": "merchant", "secret": "mine"}, {"secret"}),
    ],
)
def test_what_is_wrong_with_a_key_is_said(api: Api, body: dict[str, Any], where: set[str]) -> None:
    error = api.refused("POST", "/keys", body)
    faults = error.get("faults", [error])
    assert {fault["where"] for fault in faults} == where


@pytest.mark.parametrize("bound", [{"promoter_id": "pr_gone"}, {"program_id": "pg_gone"}])
def test_a_key_is_bound_to_what_is_there(api: Api, bound: dict[str, str]) -> None:
    assert api.refused("POST", "/keys", {"name": "x", **OWN, **bound}, 404)["code"] == "not_found"
    lost = {"name": "x", **SHOP, "storefront_id": "sf_gone"}
    assert api.refused("POST", "/keys", lost, 404)["code"] == "not_found"


# --- requests that come twice --------------------------------------------------------------------


def sent(
    api: Api, name: str, body: object = NEW_PROMOTER, path: str = f"{PROGRAM}/promoters"
) -> HTTPResponse:
    return api.call("POST", path, body, **{"Idempotency-Key": name})


def test_the_same_request_again_has_the_same_answer_and_no_effect(world: World, api: Api) -> None:
    first = sent(api, "join-1")
    world.clock += ANSWER_LIFE - minutes(1)
    again = sent(api, "join-1")
    assert (first.status_code, again.status_code, again.json_body) == (201, 201, first.json_body)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first.headers
    assert len(list(world.catalog.promoters_of(make.PROGRAM_ID))) == 4
    assert sent(api, "join-2").json_body["id"] != first.json_body["id"]
    world.clock += minutes(1)
    assert sent(api, "join-1").json_body["id"] != first.json_body["id"]


def test_a_name_is_one_requests_and_one_keys(api: Api) -> None:
    made = sent(api, "a").json_body
    other = sent(api, "a", {**NEW_PROMOTER, "name": "Eve"})
    assert (other.status_code, told(other.json_body)["code"]) == (422, "other_request")
    assert sent(api, "a", {"name": "x", "kind": "merchant"}, "/keys").status_code == 422
    stranger = keyed(api, kind="merchant")
    assert sent(stranger, "a").json_body["id"] != made["id"]


def test_what_was_refused_is_tried_again_with_other_words(api: Api) -> None:
    assert sent(api, "a", {**NEW_PROMOTER, "email": ""}).status_code == 400
    assert sent(api, "a").status_code == 201


@pytest.mark.parametrize("name", ["a b", "x" * 256])
def test_a_name_that_is_none(api: Api, name: str) -> None:
    answer = sent(api, name)
    assert (answer.status_code, answer.json_body["where"]) == (400, "Idempotency-Key")


def test_while_a_request_is_answered_another_waits(world: World, api: Api) -> None:
    inner: list[HTTPResponse] = []

    class Slow(MemoryCatalog):
        """A catalog to whose writes the same request comes in."""

        def add_promoter(self, promoter: Promoter) -> None:
            if not inner:
                inner.append(sent(api, "a"))
            super().add_promoter(promoter)

    slow = Slow()
    vars(slow).update(vars(world.catalog))
    world.catalog = slow
    assert sent(api, "a").status_code == 201
    assert (inner[0].status_code, inner[0].json_body["code"]) == (409, "in_progress")
    assert inner[0].headers["Retry-After"] == "1"


class Broken(MemoryCatalog):
    """A catalog that does what it is asked and breaks off before it says so."""

    def add_promoter(self, promoter: Promoter) -> None:
        super().add_promoter(promoter)
        raise SystemExit


def test_what_broke_off_half_way_is_not_made_twice(world: World, api: Api) -> None:
    """The function dies after the write: the same request finds what it made under the same id."""
    whole, broken = world.catalog, Broken()
    vars(broken).update(vars(whole))
    world.catalog = broken
    with pytest.raises(SystemExit):
        sent(api, "a")
    world.catalog = whole
    assert sent(api, "a").json_body["code"] == "in_progress"
    world.clock += LEASE
    again = sent(api, "a")
    assert (again.status_code, again.json_body["code"]) == (409, "already_exists")
    assert len(list(world.catalog.promoters_of(make.PROGRAM_ID))) == 4


class Unkept(MemoryRequests):
    """A store that keeps claims and loses what becomes of them."""

    def keep_claim(self, claim: Claim) -> None:
        if claim.revision > 1:
            raise UnavailableError("state")
        super().keep_claim(claim)


def test_an_answer_goes_out_although_it_is_not_kept(world: World, api: Api) -> None:
    world.requests = Unkept()
    assert sent(api, "a").status_code == 201
    world.clock += LEASE
    with pytest.raises(KeyError):
        _ = world.requests.claims["key_test", "b"]


def test_a_keys_text_is_kept_nowhere_also_under_a_name(world: World, api: Api) -> None:
    made = sent(api, "a", {"name": "x", "kind": "merchant"}, "/keys").json_body
    again = sent(api, "a", {"name": "x", "kind": "merchant"}, "/keys").json_body
    assert again == {**made, "key": None}
    assert made["key"].split(".")[2] not in repr(world.requests.claims)


def test_whom_a_kept_answer_names_is_for_the_callers_own_key_alone(world: World, api: Api) -> None:
    """Whoever is erased within the day is in no table that can be read: erasing does not look here."""
    first = sent(api, "a", NEW_PROMOTER)
    (claim,) = world.requests.claims.values()
    assert claim.answer is not None
    named = NEW_PROMOTER["name"].encode()
    assert named in first.body
    key = f"Bearer {api.key}"
    assert named in opened(claim, key, claim.answer.sealed).encode()
    assert named not in claim.answer.sealed
    with pytest.raises(zlib.error):
        zlib.decompress(claim.answer.sealed)
    with pytest.raises(zlib.error):
        opened(claim, key + "x", claim.answer.sealed)
    with pytest.raises(zlib.error):
        opened(replace(claim, begun_at=claim.begun_at + minutes(1)), key, claim.answer.sealed)


def test_secrets_are_new_where_ids_are_not(world: World, api: Api) -> None:
    first = sent(api, "a", NEW_PROGRAM, "/programs").json_body["id"]
    world.clock += ANSWER_LIFE
    second = sent(api, "a", NEW_PROGRAM, "/programs").json_body["id"]
    assert world.secrets.subject_key(first) != world.secrets.subject_key(second)


# --- too many ------------------------------------------------------------------------------------


def test_a_keys_requests_of_a_minute_are_counted(world: World, api: Api, lines: list[Line]) -> None:
    stranger = keyed(api, kind="read_only")
    world.requests_per_minute, world.clock = 3, world.clock + minutes(1.5)
    left = [api.call("GET", "/programs").headers["RateLimit-Remaining"] for _ in range(2)]
    # What is refused is counted, too, and says how many are left.
    refused = api.call("GET", "/programs/pg_gone")
    assert ([*left, refused.headers["RateLimit-Remaining"]], refused.status_code) == (["2", "1", "0"], 404)
    over = api.call("GET", "/programs")
    assert (over.status_code, told(over.json_body)["code"]) == (429, "too_many_requests")
    shown = {name: over.headers[f"RateLimit-{name}"] for name in ("Limit", "Remaining", "Reset")}
    assert shown == {"Limit": "3", "Remaining": "0", "Reset": "30"}
    assert over.headers["Retry-After"] == "30"
    assert stranger.call("GET", "/programs").status_code == 200
    world.clock += minutes(0.5)
    assert api.call("GET", "/programs").status_code == 200


def test_nothing_is_done_for_one_too_many(world: World, api: Api) -> None:
    world.requests_per_minute = 0
    assert sent(api, "a").status_code == 429
    assert len(list(world.catalog.promoters_of(make.PROGRAM_ID))) == 3
    assert not world.requests.claims


class Uncounted(MemoryRequests):
    """A store that does not answer."""

    def count_request(self, key_id: str, window: object) -> int:
        raise UnavailableError("state")


def test_who_cannot_be_counted_is_served(world: World, api: Api, capsys: pytest.CaptureFixture[str]) -> None:
    world.requests = Uncounted()
    answer = api.call("GET", "/programs")
    assert answer.status_code == 200
    assert "RateLimit-Limit" not in answer.headers
    assert "RequestNotCounted" in capsys.readouterr().out


def test_without_a_key_nothing_is_counted(world: World, api: Api) -> None:
    assert api.console.http.get("/programs").status_code == 401
    assert not world.requests.counts
    assert Scope.KEYS_READ in MOST_OF[KeyKind.READ_ONLY]
    assert ANA != BO
