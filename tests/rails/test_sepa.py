"""SEPA files against the schema, an independent reading of them, and banks' status reports."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from xml.etree.ElementTree import Element, fromstring

import pytest
import xmlschema
from hypothesis import given, settings
from hypothesis import strategies as st

from grapevine.adapters.memory.outside import MemoryFiles
from grapevine.adapters.rails.iban import LENGTHS, bic_fault, compact, iban_fault
from grapevine.adapters.rails.sepa import Sepa, debtor_of, faults, file_of
from grapevine.adapters.rails.sepa_document import document
from grapevine.adapters.rails.sepa_text import ALLOWED, WRITTEN, is_carried, sepa_text
from grapevine.domain.errors import InvalidInputError, UnavailableError
from grapevine.domain.money import Money
from grapevine.domain.payouts import PayoutState
from grapevine.domain.transfers import RailName, TransferBatch
from grapevine.ports.rails import RailRefusedError, RailSecrets, RailUnavailableError
from tests import builders as make
from tests.adapters.storefronts.samples import sample, samples_folder
from tests.rails.batches import batch, transfer
from tests.rails.contract import Driven, RailContract

NAMESPACE = "{urn:iso:std:iso:20022:tech:xsd:pain.001.001.09}"
SECRETS = {"name": "Grapevine Süd GmbH", "iban": "DE89 3704 0044 0532 0130 00", "bic": "COBADEFFXXX"}
DANA = {"name": "Dana Größe", "iban": "NL91ABNA0417164300", "bic": "ABNANL2A"}
IBANS = (
    "AT611904300234573201",
    "BE68539007547034",
    "CH9300762011623852957",
    "DE89370400440532013000",
    "ES9121000418450200051332",
    "FR1420041010050500013M02606",
    "GB29NWBK60161331926819",
    "GR1601101250000000012300695",
    "IE29AIBK93115212345678",
    "IT60X0542811101000000123456",
    "MT84MALT011000012345MTLCAST001S",
    "NL91ABNA0417164300",
    "NO9386011117947",
    "PL61109010140000071219812874",
    "PT50000201231234567890154",
    "SE4550000000058398257466",
)
"""The examples of the IBAN registry."""


def sepa(files: MemoryFiles | None = None, **secrets: str) -> Sepa:
    return Sepa(debtor_of(RailSecrets(values={**SECRETS, **secrets})), files or MemoryFiles())


def of(*details: Mapping[str, str], minor: int = 1250) -> TransferBatch:
    made = [transfer(number, one, minor + number, "EUR") for number, one in enumerate(details, start=1)]
    return batch(RailName.SEPA, *made)


def written(files: MemoryFiles) -> list[Element]:
    return [fromstring(body) for body, _ in files.stored.values()]  # noqa: S314 - our own file


def values_of(root: Element, *names: str) -> list[str]:
    path = "/".join(f"{NAMESPACE}{name}" for name in names)
    return [node.text or "" for node in root.iterfind(f".//{path}")]


def moved(files: MemoryFiles) -> dict[str, int]:
    """What the files say, read without the library that wrote them; a file twice is one."""
    paid: Counter[str] = Counter()
    for root in written(files):
        ids = values_of(root, "PmtId", "EndToEndId")
        amounts = values_of(root, "Amt", "InstdAmt")
        for own, amount in zip(ids, amounts, strict=True):
            paid[own] += int(amount.replace(".", ""))
    return dict(paid)


class TestSepa(RailContract):
    @pytest.fixture
    def driven(self) -> Driven:
        files = MemoryFiles()
        return Driven(
            rail=sepa(files),
            again=lambda: sepa(files),
            moved=lambda: moved(files),
            good=DANA,
            bad={"name": "张三", "iban": "DE88370400440532013000", "bic": "NOBANK", "openid": "o1"},
            faults=frozenset({"name", "iban", "bic", "openid"}),
            currency="EUR",
            unpayable="USD",
        )


def test_the_file_is_valid_by_the_published_schema() -> None:
    schema = xmlschema.XMLSchema(str(samples_folder() / "bank" / "pain.001.001.09.xsd"))
    files = MemoryFiles()
    sent = of(DANA, {"name": "Ørjan Þór", "iban": "NO93 8601 1117 947"}, {**DANA, "bic": ""})
    sepa(files).send(sent)
    (body, content_type) = files.stored[file_of(sent)]
    schema.validate(body.decode())
    assert content_type == "application/xml"
    assert not schema.is_valid(body.decode().replace("<IBAN>NO", "<IBAN>no"))


def test_it_has_the_places_of_the_librarys_own_sample() -> None:
    """The same elements in the same order as a file that banks are known to take."""
    theirs = fromstring(sample("bank/sepaxml_pain.001.001.09_sample.xml"))  # noqa: S314 - a sample we keep
    files = MemoryFiles()
    sepa(files).send(of(DANA, DANA))
    (ours,) = written(files)
    assert [node.tag for node in ours.iter()] == [node.tag for node in theirs.iter()]


def test_ids_days_and_amounts_are_the_batchs_own() -> None:
    files, sent = MemoryFiles(), of(DANA, DANA, minor=99_999)
    sepa(files).send(sent)
    (root,) = written(files)
    assert values_of(root, "GrpHdr", "MsgId") == values_of(root, "PmtInf", "PmtInfId") == [sent.id]
    assert values_of(root, "GrpHdr", "CreDtTm") == ["2026-11-11T09:00:00Z"]
    assert values_of(root, "ReqdExctnDt", "Dt") == [sent.execution_day.isoformat()]
    assert values_of(root, "GrpHdr", "NbOfTxs") == ["2"]
    assert values_of(root, "GrpHdr", "CtrlSum") == ["2000.01"]
    assert values_of(root, "PmtId", "EndToEndId") == [one.id for one in sent.transfers]
    assert values_of(root, "Amt", "InstdAmt") == ["1000.00", "1000.01"]
    assert values_of(root, "Dbtr", "Nm") == ["Grapevine Sud GmbH"]
    assert values_of(root, "DbtrAcct", "Id", "IBAN") == ["DE89370400440532013000"]
    assert values_of(root, "Cdtr", "Nm") == ["Dana Grose"] * 2
    assert values_of(root, "RmtInf", "Ustrd") == [f"Commission {one.id}" for one in sent.transfers]


def test_the_same_batch_is_the_same_bytes() -> None:
    first, second = MemoryFiles(), MemoryFiles()
    sent = of(DANA, {**DANA, "name": "A & <B> \"C\" 'D'"})
    sepa(first).send(sent)
    sepa(second).send(sent)
    sepa(second).send(sent)
    assert first.stored == second.stored
    assert list(first.stored) == [f"payouts/{sent.program_id}/{sent.id}.xml"]


amounts = st.integers(1, 10**9)
names = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "Zs")), min_size=1, max_size=90)


@settings(max_examples=25, deadline=None)
@given(minors=st.lists(amounts, min_size=1, max_size=4), name=names, account=st.sampled_from(IBANS))
def test_whatever_has_no_fault_is_a_valid_file(minors: list[int], name: str, account: str) -> None:
    details = {"name": name, "iban": account}
    files = MemoryFiles()
    made = [transfer(number, details, minor, "EUR") for number, minor in enumerate(minors, start=1)]
    results = sepa(files).send(batch(RailName.SEPA, *made))
    is_good = not faults(details, "EUR")
    assert {result.state for result in results} == {PayoutState.SENT if is_good else PayoutState.FAILED}
    assert moved(files) == ({one.id: one.amount.minor for one in made} if is_good else {})


@pytest.mark.parametrize("minor", [0, -1, 100_000_000_000])
def test_an_amount_that_the_scheme_does_not_take_fails_by_itself(minor: int) -> None:
    files, sent = MemoryFiles(), of(DANA, DANA)
    odd = replace(sent.transfers[0], amount=Money(minor, "EUR"))
    mixed = replace(sent, transfers=(odd, sent.transfers[1]))
    results = sepa(files).send(mixed)
    assert [result.state for result in results] == [PayoutState.FAILED, PayoutState.SENT]
    assert results[0].detail == "amount: must be 0.01 to 999999999.99"
    assert moved(files) == {sent.transfers[1].id: sent.transfers[1].amount.minor}


def test_the_largest_amount_is_written() -> None:
    files, sent = MemoryFiles(), of(DANA)
    largest = replace(sent.transfers[0], amount=Money(99_999_999_999, "EUR"))
    sepa(files).send(replace(sent, transfers=(largest,)))
    assert moved(files) == {largest.id: 99_999_999_999}


def test_what_failed_is_told_again_by_a_query_and_nothing_is_repeated_of_the_details() -> None:
    rail, sent = sepa(), of(DANA, {"name": "张三", "iban": "DE88370400440532013000"})
    results = rail.send(sent)
    assert rail.query(sent) == results
    assert results[1].detail == (
        "name: has characters that a bank file cannot carry: write it in Latin letters; "
        "iban: has a wrong check number: a digit is off"
    )
    assert not rail.query(of({})), "no file where nobody can be paid"
    assert sepa().received({}, b"", make.T0) == ()


class NoFiles(MemoryFiles):
    def put(self, name: str, body: bytes, content_type: str) -> None:
        raise UnavailableError("no bucket")

    def get(self, name: str) -> bytes:
        raise UnavailableError("no bucket")


def test_a_bucket_that_does_not_answer_leaves_it_unknown() -> None:
    with pytest.raises(RailUnavailableError):
        sepa(NoFiles()).send(of(DANA))
    with pytest.raises(RailUnavailableError):
        sepa(NoFiles()).query(of(DANA))


def test_what_the_schema_does_not_take_is_refused_before_it_is_written() -> None:
    """Nothing that we know of comes so far; the library looks once more all the same."""
    sent = of({**DANA, "name": ""})
    with pytest.raises(RailRefusedError):
        document(debtor_of(RailSecrets(values=SECRETS)), sent, sent.transfers)


@pytest.mark.parametrize(
    ("secrets", "words"),
    [
        ({}, ""),
        ({"name": ""}, "name: is missing"),
        ({"name": "店"}, "name: has characters"),
        ({"iban": "DE89370400440532013001"}, "iban: has a wrong check number"),
        ({"bic": " "}, "bic: is missing"),
        ({"bic": "COBADE"}, "bic: is not a BIC"),
        ({"words": "佣金"}, "words: has characters"),
        ({"words": "x" * 101}, "words: over 100 characters"),
    ],
)
def test_a_programs_secrets_are_checked(secrets: dict[str, str], words: str) -> None:
    if not words:
        assert debtor_of(RailSecrets(values=SECRETS)).words == "Commission"
        return
    with pytest.raises(InvalidInputError, match=words):
        debtor_of(RailSecrets(values={**SECRETS, **secrets}))


def test_every_fault_of_the_secrets_is_told_at_once() -> None:
    with pytest.raises(InvalidInputError) as refused:
        debtor_of(RailSecrets(values={}))
    assert all(word in refused.value.what for word in ("name:", "iban:", "bic:"))


@pytest.mark.parametrize("iban", IBANS)
def test_ibans_of_the_registry_are_good_and_no_digit_may_be_off(iban: str) -> None:
    assert iban_fault(iban) == iban_fault(" ".join(iban)) == iban_fault(iban.lower()) == ""
    for place, character in enumerate(iban):
        if place >= 2 and character.isdigit():
            off = f"{iban[:place]}{(int(character) + 1) % 10}{iban[place + 1 :]}"
            assert iban_fault(off), off


@pytest.mark.parametrize(
    ("iban", "words"),
    [
        ("", "is not an IBAN"),
        ("DE", "is not an IBAN"),
        ("DE8937040044053201300", "must have 22 characters in this country"),
        ("US64SVBKUS6S3300958879", "is not of a country in the Single Euro Payments Area"),
        ("DE٨٩370400440532013000", "is not an IBAN"),
        ("DE89-3704-0044-0532-0130-00", "is not an IBAN"),
    ],
)
def test_what_is_no_iban_is_told_without_repeating_it(iban: str, words: str) -> None:
    assert iban_fault(iban) == words


def test_lengths_and_codes() -> None:
    assert all(15 <= length <= 31 for length in LENGTHS.values())
    assert [bic_fault(text) for text in ("COBADEFFXXX", "cobadeff", "COBADEFF1")] == [
        "",
        "",
        "is not a BIC of 8 or 11 characters",
    ]
    assert compact(" de 89\t37 ") == "DE8937"


@pytest.mark.parametrize(
    ("text", "carried"),
    [
        ("Zoë & Ægir  Größe", "Zoe + Agir Grose"),
        ("O’Brien", "O'Brien"),  # noqa: RUF001
        ("Νίκος Χρήστου", "Nikos Christoy"),
        ("Илия Щерев", "Iliya Shterev"),
        ("Ĺukasz Žižka", "Lukasz Zizka"),
        ("ﬁn", "fin"),
        ("a\u00a0b", "a b"),
    ],
)
def test_names_are_written_in_the_banks_letters(text: str, carried: str) -> None:
    assert is_carried(text)
    assert sepa_text(text) == carried


@pytest.mark.parametrize("text", ["张三", "½", "ŉ", "محمد", "😀", "\u0301", "\ud800"])
def test_what_has_no_writing_is_not_guessed(text: str) -> None:
    assert not is_carried(text)
    assert sepa_text(f"x{text}")[0] == "x"


@given(st.text())
def test_a_text_is_in_the_banks_letters_whatever_it_was(text: str) -> None:
    assert set(sepa_text(text)) <= ALLOWED
    assert sepa_text(sepa_text(text)) == sepa_text(text)
    assert is_carried(sepa_text(text))


def test_every_writing_is_in_the_banks_letters() -> None:
    assert all(value and set(value) <= ALLOWED for value in WRITTEN.values())
    assert not ALLOWED & WRITTEN.keys()


def test_execution_day_and_time_are_told_in_utc() -> None:
    files = MemoryFiles()
    late = datetime.fromisoformat("2026-11-12T00:30:00+08:00")
    sent = replace(of(DANA), created_at=late, execution_day=date(2026, 11, 13))
    sepa(files).send(sent)
    (root,) = written(files)
    assert values_of(root, "GrpHdr", "CreDtTm") == [late.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")]
    assert values_of(root, "ReqdExctnDt", "Dt") == ["2026-11-13"]
