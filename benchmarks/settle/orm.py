"""The same settlement as most teams would write it: SQLAlchemy's ORM on PostgreSQL.

Written to be good rather than to lose: an account is locked by its key, its open commissions are one
select, inserts and updates are batched by the unit of work, and the key of a payout makes a second run
harmless. A transaction per promoter, because one who fails must stop no other and a crash must lose nobody.
It is spared what ours does besides: no hash chain, no tax or fee, no duplicates, no statuses.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from sqlalchemy import ForeignKey, Select, create_engine, insert, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship, sessionmaker

from benchmarks.engine.measuring import Work
from benchmarks.settle.accounts import MINIMUM_MINOR, all_commissions, promoter_id

RUN = "2026-12-10"


class Base(DeclarativeBase):
    """The tables."""


class Account(Base):
    """A promoter's money: what was reserved for payouts so far."""

    __tablename__ = "account"
    promoter_id: Mapped[str] = mapped_column(primary_key=True)
    reserved_minor: Mapped[int] = mapped_column(default=0)
    carried_minor: Mapped[int] = mapped_column(default=0)


class Commission(Base):
    """One earned amount; `payout_id` says by which payout it was settled."""

    __tablename__ = "commission"
    id: Mapped[int] = mapped_column(primary_key=True)
    promoter_id: Mapped[str] = mapped_column(ForeignKey("account.promoter_id"), index=True)
    day: Mapped[str]
    minor: Mapped[int]
    payout_id: Mapped[str | None] = mapped_column(ForeignKey("payout.id"))


class Payout(Base):
    """Money out to one promoter from one run: its key makes a second run harmless."""

    __tablename__ = "payout"
    id: Mapped[str] = mapped_column(primary_key=True)
    promoter_id: Mapped[str] = mapped_column(ForeignKey("account.promoter_id"))
    minor: Mapped[int]
    state: Mapped[str]
    postings: Mapped[list[Posting]] = relationship(cascade="all")
    commissions: Mapped[list[Commission]] = relationship()


class Posting(Base):
    """A signed amount on an account; a payout's add up to zero."""

    __tablename__ = "posting"
    payout_id: Mapped[str] = mapped_column(ForeignKey("payout.id"), primary_key=True)
    leaf: Mapped[str] = mapped_column(primary_key=True)
    minor: Mapped[int]


class Orm:
    """The contender; each turn settles promoters whom it has not seen."""

    size = 300

    def __init__(self, url: str) -> None:
        self._engine = create_engine(url, pool_size=1)
        Base.metadata.drop_all(self._engine)
        Base.metadata.create_all(self._engine)
        self._sessions = sessionmaker(self._engine)
        self._next = 1

    def turn(self) -> Iterator[Work]:
        """Yield the settlement of the next promoters; filling their accounts does not count."""
        numbers = range(self._next, self._next + self.size)
        self._next = numbers.stop
        self._fill(numbers)
        yield partial(self._settle, numbers)

    def paid(self, numbers: range) -> dict[str, int]:
        """Return who is paid how much, settled twice, and forget it."""
        self._fill(numbers)
        self._settle(numbers)
        self._settle(numbers)
        with self._sessions() as session:
            found = {payout.promoter_id: payout.minor for payout in session.scalars(select(Payout))}
        Base.metadata.drop_all(self._engine)
        Base.metadata.create_all(self._engine)
        return found

    def _fill(self, numbers: range) -> None:
        with self._sessions.begin() as session:
            session.execute(insert(Account), [{"promoter_id": promoter_id(number)} for number in numbers])
            rows = [
                {"promoter_id": name, "day": day, "minor": minor}
                for name, _, day, minor in all_commissions(numbers)
            ]
            session.execute(insert(Commission), rows)

    def _settle(self, numbers: range) -> None:
        for number in numbers:
            with self._sessions.begin() as session:
                name = promoter_id(number)
                account = session.get_one(Account, name, with_for_update=True)
                if session.get(Payout, f"{RUN}/{name}") is None:
                    settle(session, account, session.scalars(unpaid([name])).all())


class OrmByPages(Orm):
    """The same in a transaction per hundred promoters: one who fails stops the other ninety-nine."""

    size = 1_000
    page = 100

    def _settle(self, numbers: range) -> None:
        for start in range(numbers.start, numbers.stop, self.page):
            names = [promoter_id(number) for number in numbers[start - numbers.start :][: self.page]]
            with self._sessions.begin() as session:
                locked = select(Account).where(Account.promoter_id.in_(names)).order_by(Account.promoter_id)
                accounts = session.scalars(locked.with_for_update()).all()
                known = set(session.scalars(select(Payout.id).where(Payout.promoter_id.in_(names))))
                found: dict[str, list[Commission]] = {}
                for commission in session.scalars(unpaid(names)):
                    found.setdefault(commission.promoter_id, []).append(commission)
                for account in accounts:
                    if f"{RUN}/{account.promoter_id}" not in known:
                        settle(session, account, found.get(account.promoter_id, []))


def unpaid(names: Sequence[str]) -> Select[tuple[Commission]]:
    """Return the question for what is open of some promoters."""
    return select(Commission).where(Commission.promoter_id.in_(names), Commission.payout_id.is_(None))


def settle(session: Session, account: Account, commissions: Sequence[Commission]) -> None:
    """Pay what is open of a locked account, or carry it."""
    payout_id = f"{RUN}/{account.promoter_id}"
    minor = sum(commission.minor for commission in commissions)
    if minor < MINIMUM_MINOR:
        account.carried_minor = minor
        return
    postings = [Posting(leaf="payable", minor=-minor), Posting(leaf="reserved", minor=minor)]
    payout = Payout(id=payout_id, minor=minor, state="requested", postings=postings)
    payout.promoter_id = account.promoter_id
    payout.commissions = list(commissions)
    session.add(payout)
    account.reserved_minor += minor
    account.carried_minor = 0
