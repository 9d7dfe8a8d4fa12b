"""The ports of raw bodies, of personal data, and of who asked for it."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from grapevine.domain.privacy import PrivacyAct, PrivacyRecord, Whose
from grapevine.ports import BodyMark
from tests.adapters.contracts.stores import Names, Stores
from tests.builders import T0, days

HEADERS = {"x-shopify-topic": "orders/paid", "x-forwarded-for": "192.0.2.1"}
NAME = "1001#2026-11-11T09:00:00.000Z#orders/paid#0123456789abcdef"
ANA, BO = "a" * 24, "b" * 24


def kept(stores: Stores, storefront: str, name: str = NAME) -> list[tuple[bytes, dict[str, str]]]:
    found = stores.raw_bodies.bodies(storefront, name.partition("#")[0], T0 + days(1))
    return [(body.body, dict(body.headers)) for body in found if body.name == name]


def groups(stores: Stores, storefront: str, subject: str | None = None) -> list[str]:
    return sorted(mark.group for mark in stores.raw_bodies.marks(storefront, T0 + days(1), subject))


def test_a_body_is_kept_byte_for_byte(stores: Stores, names: Names) -> None:
    body = '{"note": "漢字"}\r\n'.encode() + bytes(range(256))
    stores.raw_bodies.keep(names.storefront, NAME, body, HEADERS, T0)
    assert kept(stores, names.storefront) == [(body, HEADERS)]


def test_keeping_a_body_again_changes_nothing(stores: Stores, names: Names) -> None:
    stores.raw_bodies.keep(names.storefront, NAME, b"first", HEADERS, T0)
    stores.raw_bodies.keep(names.storefront, NAME, b"second", {}, T0 + days(1))
    assert kept(stores, names.storefront) == [(b"first", HEADERS)]


def test_bodies_are_apart_by_storefront_and_name(stores: Stores, names: Names) -> None:
    stores.raw_bodies.keep(names.storefront, "malformed#00ff", b"{", {}, T0)
    assert kept(stores, names.storefront) == []
    assert kept(stores, f"{names.storefront}-2", "malformed#00ff") == []


def test_an_empty_body_is_kept(stores: Stores, names: Names) -> None:
    stores.raw_bodies.keep(names.storefront, "malformed#empty", b"", {}, T0)
    assert kept(stores, names.storefront, "malformed#empty") == [(b"", {})]


def test_a_body_at_the_limit_that_does_not_compress_is_kept_whole(stores: Stores, names: Names) -> None:
    body = Random(1).randbytes(1_000_000)
    stores.raw_bodies.keep(names.storefront, "malformed#noise", body, HEADERS, T0)
    stores.raw_bodies.keep(names.storefront, "malformed#noise", body, HEADERS, T0)
    assert kept(stores, names.storefront, "malformed#noise") == [(body, HEADERS)]
    assert stores.raw_bodies.erase(names.storefront, "malformed") == 1
    assert kept(stores, names.storefront, "malformed#noise") == []


def test_a_body_that_has_expired_is_not_read_and_still_erased(stores: Stores, names: Names) -> None:
    stores.raw_bodies.keep(names.storefront, NAME, b"old", HEADERS, T0 - days(90), (ANA,))
    stores.raw_bodies.keep(names.storefront, "1001#young", b"young", HEADERS, T0 - days(89), (ANA,))
    found = [body.body for body in stores.raw_bodies.bodies(names.storefront, "1001", T0)]
    assert found == [b"young"]
    assert set(groups(stores, names.storefront, ANA)) == {"1001"}
    assert stores.raw_bodies.erase(names.storefront, "1001") == 2
    assert stores.raw_bodies.erase(names.storefront, "1001") == 0


def test_edge_90_bodies_are_found_by_whom_they_are_about(stores: Stores, names: Names) -> None:
    stores.raw_bodies.keep(names.storefront, "1001#a", b"1", HEADERS, T0, (ANA,))
    stores.raw_bodies.keep(names.storefront, "1001#b", b"2", HEADERS, T0, (ANA, BO))
    stores.raw_bodies.keep(names.storefront, "1002#a", b"3", HEADERS, T0 - days(30), (ANA,))
    stores.raw_bodies.keep(names.storefront, "1003#a", b"4", HEADERS, T0)
    stores.raw_bodies.keep(f"{names.storefront}-2", "1004#a", b"5", HEADERS, T0, (ANA,))
    assert groups(stores, names.storefront, ANA) == ["1001", "1002"]
    assert groups(stores, names.storefront, BO) == ["1001"]
    assert groups(stores, names.storefront) == ["1001", "1001", "1002", "1003"]


def test_marks_are_forgotten_but_not_what_came_meanwhile(stores: Stores, names: Names) -> None:
    stores.raw_bodies.keep(names.storefront, "1001#a", b"1", HEADERS, T0, (ANA,))
    stores.raw_bodies.keep(names.storefront, "1002#a", b"2", HEADERS, T0, (ANA,))
    marks: list[BodyMark] = list(stores.raw_bodies.marks(names.storefront, T0, ANA))
    stores.raw_bodies.keep(names.storefront, "1002#b", b"3", HEADERS, T0 + days(0.01), (ANA,))
    stores.raw_bodies.forget(names.storefront, marks)
    assert groups(stores, names.storefront, ANA) == ["1002"]
    stores.raw_bodies.forget(names.storefront, marks)
    assert groups(stores, names.storefront, ANA) == ["1002"]


def test_personal_data_is_replaced_as_a_whole(stores: Stores, names: Names) -> None:
    subject = f"{names.number}abcdef"
    stores.personal_data.remember(subject, {"email": "a@shop.example", "name": "Ana"})
    stores.personal_data.remember(subject, {"email": "b@shop.example"})
    assert stores.personal_data.person(subject) == {"email": "b@shop.example"}


def test_personal_data_is_forgotten(stores: Stores, names: Names) -> None:
    subject = f"{names.number}abcdef"
    stores.personal_data.remember(subject, {"email": "a@shop.example"})
    for _ in range(2):
        stores.personal_data.forget(subject)
        assert stores.personal_data.person(subject) is None


def test_nothing_is_known_of_a_stranger(stores: Stores, names: Names) -> None:
    assert stores.personal_data.person(names.number) is None


def asked(names: Names, record_id: str = "pq_1") -> PrivacyRecord:
    return PrivacyRecord(
        id=record_id,
        program_id=names.program,
        act=PrivacyAct.ERASE,
        whose=Whose.CUSTOMER,
        subject=ANA,
        asked_by="the shop",
        asked_at=T0,
    )


def test_a_record_is_kept_and_done(stores: Stores, names: Names) -> None:
    record = asked(names)
    stores.privacy_records.put_record(record)
    assert stores.privacy_records.record(names.program, "pq_1") == record
    done = record.done({"raw_bodies": 3, "clicks": 0}, T0 + days(1))
    stores.privacy_records.put_record(done)
    assert stores.privacy_records.record(names.program, "pq_1") == done
    assert dict(done.counts) == {"raw_bodies": 3}


def test_records_are_listed_by_program(stores: Stores, names: Names) -> None:
    for name in ("pq_2", "pq_1"):
        stores.privacy_records.put_record(asked(names, name))
    stores.privacy_records.put_record(replace(asked(names), program_id=f"{names.program}-2"))
    assert [record.id for record in stores.privacy_records.records(names.program)] == ["pq_1", "pq_2"]
    assert stores.privacy_records.record(names.program, "nobody's") is None
    assert stores.privacy_records.record(names.program, "x#y") is None
