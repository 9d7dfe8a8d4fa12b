"""Banks' status reports on our files: what they say of each transfer, and nothing that they do not say."""

from __future__ import annotations

import pytest

from grapevine.adapters.rails.sepa_status import read_status_report
from grapevine.domain.errors import InvalidInputError, MalformedBodyError
from grapevine.domain.payouts import PayoutState
from grapevine.domain.transfers import RailName, TransferBatch
from tests.rails.batches import batch, transfer

SENT = batch(RailName.SEPA, *(transfer(number, {}, 1000, "EUR") for number in (1, 2, 3)))
ONE, TWO, THREE = (one.id for one in SENT.transfers)
FAILED, COMPLETED, ON_ITS_WAY = PayoutState.FAILED, PayoutState.COMPLETED, PayoutState.SENT


def report(group: str = "", payments: str = "", message_id: str = SENT.id, version: str = "10") -> bytes:
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.{version}">
  <CstmrPmtStsRpt>
    <GrpHdr><MsgId>BANK-1</MsgId><CreDtTm>2026-11-12T08:00:00Z</CreDtTm></GrpHdr>
    <OrgnlGrpInfAndSts>
      <OrgnlMsgId>{message_id}</OrgnlMsgId><OrgnlMsgNmId>pain.001.001.09</OrgnlMsgNmId>{group}
    </OrgnlGrpInfAndSts>
    {payments}
  </CstmrPmtStsRpt>
</Document>""".encode()


def payments(inside: str, payment_id: str = SENT.id) -> str:
    return f"<OrgnlPmtInfAndSts><OrgnlPmtInfId>{payment_id}</OrgnlPmtInfId>{inside}</OrgnlPmtInfAndSts>"


def one(transfer_id: str, word: str, more: str = "") -> str:
    own = f"<OrgnlEndToEndId>{transfer_id}</OrgnlEndToEndId>"
    return f"<TxInfAndSts>{own}<TxSts>{word}</TxSts>{more}</TxInfAndSts>"


def read(raw: bytes) -> dict[str, tuple[PayoutState, str]]:
    known: dict[str, TransferBatch] = {SENT.id: SENT}
    return {found.transfer_id: (found.state, found.detail) for found in read_status_report(raw, known.get)}


@pytest.mark.parametrize("version", ["03", "10", "12"])
def test_each_transfer_is_told_by_its_own_word(version: str) -> None:
    reason = "<StsRsnInf><Rsn><Cd>AC04</Cd></Rsn><AddtlInf>Account  closed</AddtlInf></StsRsnInf>"
    inside = one(ONE, "ACSC") + one(TWO, "RJCT", reason) + one(THREE, "PDNG")
    assert read(report("<GrpSts>PART</GrpSts>", payments(inside), version=version)) == {
        ONE: (COMPLETED, "ACSC"),
        TWO: (FAILED, "RJCT AC04 Account closed"),
        THREE: (ON_ITS_WAY, "PDNG"),
    }


def test_a_rejected_file_is_a_rejection_of_each_transfer() -> None:
    reason = "<StsRsnInf><Rsn><Prtry>DUPL</Prtry></Rsn></StsRsnInf>"
    assert read(report(f"<GrpSts>RJCT</GrpSts>{reason}")) == dict.fromkeys(
        (ONE, TWO, THREE), (FAILED, "RJCT DUPL")
    )


def test_what_is_said_of_one_counts_over_what_is_said_of_all() -> None:
    raw = report("<GrpSts>ACCP</GrpSts>", payments("<PmtInfSts>ACSP</PmtInfSts>" + one(TWO, "ACCC")))
    assert read(raw) == {ONE: (ON_ITS_WAY, "ACSP"), TWO: (COMPLETED, "ACCC"), THREE: (ON_ITS_WAY, "ACSP")}


def test_only_what_is_said_is_believed() -> None:
    assert read(report("<GrpSts>PART</GrpSts>", payments(one(ONE, "RJCT")))) == {ONE: (FAILED, "RJCT")}
    assert read(report()) == {}
    assert read(report(payments=payments(one("po0badx1", "RJCT")))) == {}
    assert read(report(payments=payments(one(ONE, "RJCT"), payment_id="another"))) == {}
    assert read(report(payments=payments(one(ONE, "")))) == {ONE: (ON_ITS_WAY, "")}


def test_the_banks_own_name_is_the_reference() -> None:
    raw = report(payments=payments(one(ONE, "ACSC", "<AcctSvcrRef>B-77</AcctSvcrRef>")))
    (found,) = read_status_report(raw, lambda _: SENT)
    assert found.reference == "B-77"


def test_a_report_on_somebody_elses_file_is_refused() -> None:
    with pytest.raises(InvalidInputError) as refused:
        read(report("<GrpSts>RJCT</GrpSts>", message_id="pb0"))
    assert refused.value.where == "OrgnlMsgId"


BOMB = (
    '<?xml version="1.0"?><!DOCTYPE d [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
    '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.10">&b;</Document>'
)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"transfer_id,state\n",
        b"<Document>",
        b"<Document/>",
        b'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.10"/>',
        report().replace(b"pain.002", b"pain.008"),
        b"\xff\xfe<",
        BOMB.encode(),
        BOMB.replace('<?xml version="1.0"?>', "").encode("utf-16"),
    ],
)
def test_what_is_no_report_is_refused(raw: bytes) -> None:
    with pytest.raises(MalformedBodyError):
        read(raw)
