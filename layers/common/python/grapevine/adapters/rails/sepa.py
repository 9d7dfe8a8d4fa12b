"""SEPA credit transfers: a file for the merchant's bank, and what the bank says of it by import.

Nothing of a program's money moves here: a person, or the merchant's own software, hands the file to
the bank. Writing it again writes the same bytes to the same place; the bank knows a file it was given
before by its message id, and each transfer by its end-to-end id.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from grapevine.adapters.rails.details import missing, unknown
from grapevine.adapters.rails.iban import bic_fault, iban_fault
from grapevine.adapters.rails.sepa_text import is_carried, sepa_text
from grapevine.domain.errors import InvalidInputError, NotFoundError, UnavailableError, faults_of
from grapevine.domain.payouts import PayoutState
from grapevine.domain.transfers import RailLimits, RailName, Transfer, TransferBatch, TransferResult
from grapevine.ports.outside import Files
from grapevine.ports.rails import RailNeeds, RailSecrets, RailUnavailableError

EURO = "EUR"
LONGEST_NAME = 70
LONGEST_WORDS = 100
"""Of what is written to each payee; the transfer's id goes behind it."""
MOST_MINOR = 99_999_999_999
"""A cent under a thousand million euros: the scheme's limit of one transfer."""
USUAL_WORDS = "Commission"
DETAILS = ("name", "iban", "bic")


@dataclass(frozen=True, slots=True, kw_only=True)
class Debtor:
    """Who pays: the merchant, its account and its bank, and what is written to each payee."""

    name: str
    iban: str
    bic: str
    words: str = USUAL_WORDS


def debtor_of(secrets: RailSecrets) -> Debtor:
    """Read a program's secrets: `name`, `iban` and `bic` of the merchant, and `words` if they are given.

    InvalidInputError with everything that is wrong with them.
    """
    values = {key: value.strip() for key, value in secrets.values.items()}
    words = values.get("words") or USUAL_WORDS
    found = [
        *faults({key: values[key] for key in DETAILS if values.get(key)}, EURO),
        *faults_of(
            (
                (bool(values.get("bic")), "is missing", "bic"),
                (is_carried(words), "has characters that a bank file cannot carry", "words"),
                (len(sepa_text(words)) <= LONGEST_WORDS, f"over {LONGEST_WORDS} characters", "words"),
            )
        ),
    ]
    if found:
        raise InvalidInputError("; ".join(str(fault) for fault in found), "rail/sepa")
    return Debtor(name=values["name"], iban=values["iban"], bic=values["bic"], words=words)


def open_rail(needs: RailNeeds) -> Sepa:
    """Return a program's rail; InvalidInputError where its secrets are not complete."""
    return Sepa(debtor_of(needs.secrets), needs.files)


class Sepa:
    """The rail; what it writes is in the bucket."""

    name = RailName.SEPA
    limits = RailLimits(batch=1000, transfer_minor=MOST_MINOR)

    def __init__(self, debtor: Debtor, files: Files) -> None:
        self._debtor = debtor
        self._files = files

    def faults(self, details: Mapping[str, str], currency: str) -> tuple[InvalidInputError, ...]:
        return faults(details, currency)

    def send(self, batch: TransferBatch) -> Sequence[TransferResult]:
        """Write the batch's file; a transfer that no file can carry fails by itself."""
        good = [transfer for transfer in batch.transfers if not _refusal(transfer)]
        if good:
            self._write(batch, good)
        return tuple(_results(batch))

    def query(self, batch: TransferBatch) -> Sequence[TransferResult]:
        """Return that the file is there, which is all that is known here; none where it is not."""
        try:
            self._files.get(file_of(batch))
        except NotFoundError:
            return ()
        except UnavailableError as error:
            raise RailUnavailableError(f"whether {batch.id} was written is not known: {error}") from error
        return tuple(_results(batch))

    def received(
        self,
        headers: Mapping[str, str],  # noqa: ARG002
        body: bytes,  # noqa: ARG002
        now: datetime,  # noqa: ARG002
    ) -> Sequence[TransferResult]:
        """Return nothing: a bank sends no webhooks."""
        return ()

    def _write(self, batch: TransferBatch, transfers: Sequence[Transfer]) -> None:
        # sepaxml is in settle's zip alone: whoever only looks at details does without.
        from grapevine.adapters.rails.sepa_document import document  # noqa: PLC0415

        body = document(self._debtor, batch, transfers)
        try:
            self._files.put(file_of(batch), body, "application/xml")
        except UnavailableError as error:
            raise RailUnavailableError(f"{batch.id} was not written: {error}") from error


def faults(details: Mapping[str, str], currency: str) -> tuple[InvalidInputError, ...]:
    """Return everything wrong with where somebody is paid, in words that do not repeat it."""
    name, iban, bic = (details.get(key, "").strip() for key in DETAILS)
    checks = (
        (currency == EURO, "SEPA pays euros only", "currency"),
        (is_carried(name), "has characters that a bank file cannot carry: write it in Latin letters", "name"),
        (len(sepa_text(name)) <= LONGEST_NAME, f"over {LONGEST_NAME} characters", "name"),
        (not iban or not iban_fault(iban), iban_fault(iban), "iban"),
        (not bic or not bic_fault(bic), bic_fault(bic), "bic"),
    )
    return (*missing(details, "name", "iban"), *faults_of(checks), *unknown(details, *DETAILS))


def file_of(batch: TransferBatch) -> str:
    """Return where a batch's file is in the bucket."""
    return f"payouts/{batch.program_id}/{batch.id}.xml"


def _results(batch: TransferBatch) -> Iterator[TransferResult]:
    """Say of each transfer that it is in the file, or why it is not; the same whenever it is asked."""
    for transfer in batch.transfers:
        if words := _refusal(transfer):
            yield TransferResult(transfer_id=transfer.id, state=PayoutState.FAILED, detail=words)
        else:
            yield TransferResult(transfer_id=transfer.id, state=PayoutState.SENT, reference=file_of(batch))


def _refusal(transfer: Transfer) -> str:
    found = list(faults(transfer.details, transfer.amount.currency))
    if not 1 <= transfer.amount.minor <= MOST_MINOR:
        found.append(InvalidInputError("must be 0.01 to 999999999.99", "amount"))
    return "; ".join(str(fault) for fault in found)
