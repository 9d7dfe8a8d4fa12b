"""The ports of secrets, queues, files and the event bus."""

from __future__ import annotations

import pytest

from grapevine.domain.entries import BonusKey, BonusKind, Postable
from grapevine.domain.errors import NotFoundError
from grapevine.domain.settlements import PageName
from grapevine.domain.subscriptions import SigningSecrets
from grapevine.domain.transfers import RailName, RailSecrets
from grapevine.ports import StorefrontSecrets
from tests.adapters.contracts.outside import Outside
from tests.adapters.contracts.stores import Names
from tests.builders import T0

pytestmark = pytest.mark.engines("memory", "ministack")


def test_storefront_secrets_are_read_as_written_last(outside: Outside, names: Names) -> None:
    key = bytes(range(32))
    for secrets in (("first",), ("new", "first"), ()):
        written = StorefrontSecrets(webhook_secrets=secrets, subject_key=key)
        outside.secrets.put_storefront_secrets(names.storefront, written)
        assert outside.secrets.storefront_secrets(names.storefront) == written


def test_an_unknown_storefront_has_no_secrets(outside: Outside, names: Names) -> None:
    assert outside.secrets.storefront_secrets(names.storefront) is None


def test_a_programs_key_is_read_as_written_last(outside: Outside, names: Names) -> None:
    for key in (b"\x00\xff" * 16, b"k" * 32):
        outside.secrets.put_subject_key(names.program, key)
        assert outside.secrets.subject_key(names.program) == key


def test_an_unknown_program_has_no_key(outside: Outside, names: Names) -> None:
    with pytest.raises(NotFoundError):
        outside.secrets.subject_key(names.program)


def test_a_programs_rail_has_its_own_secrets(outside: Outside, names: Names) -> None:
    assert outside.secrets.rail_secrets(names.program, RailName.PAYPAL) is None
    for values in ({"client_id": "a", "secret": "漢字"}, {"client_id": "b"}):
        outside.secrets.put_rail_secrets(names.program, RailName.PAYPAL, RailSecrets(values=values))
        assert outside.secrets.rail_secrets(names.program, RailName.PAYPAL) == RailSecrets(values=values)
    assert outside.secrets.rail_secrets(names.program, RailName.STRIPE) is None
    assert "漢字" not in repr(RailSecrets(values={"secret": "漢字"}))


def test_secrets_of_a_program_and_a_storefront_of_one_name_are_two(outside: Outside, names: Names) -> None:
    outside.secrets.put_subject_key(names.storefront, b"k" * 32)
    assert outside.secrets.storefront_secrets(names.storefront) is None


def taken_out(outside: Outside) -> set[tuple[Postable, str]]:
    taken = set()
    while waiting := outside.failures.receive(10):
        for item in waiting:
            taken.add((item.order, item.reason))
            outside.failures.done(item)
    return taken


def test_an_order_waits_with_its_reason(outside: Outside, names: Names) -> None:
    outside.failures.send(names.order(), 'no body tells: 漢字 \x00 "quoted"')
    (waiting,) = outside.failures.receive(10)
    assert (waiting.order, waiting.reason) == (
        names.order(),
        'no body tells: 漢字 \x00 "quoted"',
    )


def test_a_bonus_waits_as_an_order_does(outside: Outside, names: Names) -> None:
    bounty = BonusKey(names.program, "pr_ana", BonusKind.BOUNTY, "bt_week:2026-W46")
    outside.failures.send(bounty, "why")
    (waiting,) = outside.failures.receive(10)
    assert (waiting.order, waiting.reason) == (bounty, "why")
    outside.failures.done(waiting)


def test_what_is_not_taken_out_is_seen_again(outside: Outside, names: Names) -> None:
    outside.failures.send(names.order(), "why")
    seen = [outside.failures.receive(10)[0] for _ in range(2)]
    assert [(item.order, item.reason) for item in seen] == [(names.order(), "why")] * 2
    outside.failures.done(seen[-1])
    assert outside.failures.receive(10) == ()


def test_no_more_is_received_than_asked_for(outside: Outside, names: Names) -> None:
    sent = {(names.order(str(number)), f"reason {number}") for number in range(12)}
    for order, reason in sent:
        outside.failures.send(order, reason)
    assert len(outside.failures.receive(3)) <= 3
    assert len(outside.failures.receive(100)) <= 100
    assert taken_out(outside) == sent


def test_nothing_waits_in_an_empty_queue(outside: Outside) -> None:
    assert outside.failures.receive(1) == ()


def test_every_page_is_queued(outside: Outside, names: Names) -> None:
    pages = [PageName(names.program, f"pr_{number:02}") for number in range(24)]
    outside.settlement_queue.send_pages([PageName(names.program, ""), *pages])
    assert sorted(outside.pages(), key=lambda name: name.after) == [PageName(names.program, ""), *pages]


def test_a_list_is_queued_from_its_place(outside: Outside, names: Names) -> None:
    for after in ("", "pr_7"):
        outside.settlement_queue.send_list(PageName(names.program, after))
    assert {name.after for name in outside.lists()} == {"", "pr_7"}


def test_edge_42_a_ban_is_queued_for_whoever_voids(outside: Outside, names: Names) -> None:
    for _ in range(2):
        outside.settlement_queue.send_void(names.program, "pr_ana")
    assert outside.voids() == [(names.program, "pr_ana")] * 2


def test_edge_62_promoters_are_queued_for_whoever_tends_their_points(outside: Outside, names: Names) -> None:
    for _ in range(2):
        outside.settlement_queue.send_points(names.program, [f"pr_{n}" for n in range(100)])
    assert outside.points() == [(names.program, tuple(f"pr_{n}" for n in range(100)))] * 2


def test_payouts_and_their_batches_are_queued(outside: Outside, names: Names) -> None:
    for _ in range(2):
        outside.settlement_queue.send_payouts(names.program)
    assert outside.payouts() == [names.program] * 2


def test_every_batch_of_transfers_is_queued(outside: Outside, names: Names) -> None:
    batches = [f"pb{number}" for number in range(23)]
    outside.settlement_queue.send_transfers(names.program, batches)
    assert sorted(outside.transfers()) == sorted((names.program, name) for name in batches)


def test_queueing_no_pages_queues_nothing(outside: Outside) -> None:
    outside.settlement_queue.send_pages([])
    assert outside.pages() == []


def test_a_file_is_read_as_written_last(outside: Outside) -> None:
    name = "payouts/pg_1/pg_1.2026-11-10.csv"
    for body in (b"first", "漢字\r\n".encode(), b""):
        outside.files.put(name, body, "text/csv")
        assert outside.files.get(name) == body


def test_there_is_no_unknown_file(outside: Outside) -> None:
    with pytest.raises(NotFoundError):
        outside.files.get("payouts/nothere.csv")


def test_files_are_listed_by_how_they_begin(outside: Outside) -> None:
    for name in ("privacy/pg_1/b.json", "privacy/pg_1/a.json", "privacy/pg_12/c.json"):
        outside.files.put(name, b"{}", "application/json")
    assert list(outside.files.names("privacy/pg_1/")) == ["privacy/pg_1/a.json", "privacy/pg_1/b.json"]
    assert list(outside.files.names("privacy/pg_2/")) == []


def test_edge_90_a_file_is_erased_with_all_that_it_was(outside: Outside) -> None:
    for name, body in (("a.json", b"first"), ("a.json", b"second"), ("a.json.txt", b"another")):
        outside.files.put(name, body, "text/plain")
    for _ in range(2):
        outside.files.erase("a.json")
        assert [outside.versions(name) for name in ("a.json", "a.json.txt")] == [[], [b"another"]]
    assert list(outside.files.names("a.json")) == ["a.json.txt"]
    with pytest.raises(NotFoundError):
        outside.files.get("a.json")


def test_edge_90_what_a_file_was_is_erased_and_it_stays(outside: Outside) -> None:
    for body in (b"first", b"second", b"third"):
        outside.files.put("a.json", body, "text/plain")
    outside.files.erase_older("a.json")
    assert outside.versions("a.json") == [b"third"]
    outside.files.erase_older("nothing.json")


def test_every_event_is_published_with_its_type(outside: Outside) -> None:
    events = [("commission.accrued", {"id": f"e{n}", "amount": "0.10", "name": "漢字"}) for n in range(23)]
    outside.bus.publish(events)
    assert sorted(outside.published(), key=str) == sorted(events, key=str)


def test_publishing_nothing_is_fine(outside: Outside) -> None:
    outside.bus.publish([])
    assert outside.published() == []


def test_a_webhooks_secrets_are_its_own(outside: Outside, names: Names) -> None:
    assert outside.secrets.signing_secrets(names.program, "wh_1") is None
    for written in (SigningSecrets("whsec_a"), SigningSecrets("whsec_a").rotated("whsec_b", T0)):
        outside.secrets.put_signing_secrets(names.program, "wh_1", written)
        assert outside.secrets.signing_secrets(names.program, "wh_1") == written
        assert "whsec" not in repr(written)
    assert outside.secrets.signing_secrets(names.program, "wh_2") is None


def test_lanes_are_queued_one_by_one(outside: Outside, names: Names) -> None:
    outside.webhook_queue.send_lanes(names.program, "wh_1", range(12))
    found = outside.lanes()
    assert sorted(lane.slot for lane in found) == list(range(12))
    assert {(lane.program_id, lane.subscription_id, lane.again) for lane in found} == {
        (names.program, "wh_1", ())
    }


def test_a_replay_is_queued_for_each_lane(outside: Outside, names: Names) -> None:
    cursor = (5, 0, 7, 0, 0, 0, 0, 9)
    outside.webhook_queue.send_replay(names.program, "wh_1", cursor)
    assert {lane.slot: lane.replay_from for lane in outside.lanes()} == dict(enumerate(cursor))


def test_events_to_send_again_are_queued(outside: Outside, names: Names) -> None:
    outside.webhook_queue.send_again(names.program, "wh_1", 3, (4, 9))
    (lane,) = outside.lanes()
    assert (lane.slot, lane.again, lane.replay_from) == (3, (4, 9), None)


def test_a_lane_may_wait(outside: Outside, names: Names) -> None:
    outside.webhook_queue.send_lanes(names.program, "wh_1", (1,), 900)
    assert [lane.slot for lane in outside.lanes()] in ([], [1])
