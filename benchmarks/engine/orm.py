"""The same accrual as most teams would write it: SQLAlchemy's ORM on PostgreSQL, one transaction per order.

Written to be good rather than to lose: integers, one session per order, the balances locked by one
statement in a fixed order, inserts and updates batched by the unit of work. It is spared what our
engine does besides: no facts to fold, no click to look up and judge, no reason to keep.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import islice

from sqlalchemy import ForeignKey, create_engine, insert, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship, sessionmaker

from benchmarks.engine.measuring import Work
from benchmarks.engine.sales import Books, Sale, level_amounts, people, program_ids, sales

PROGRAM_ACCOUNT = "commission"


class Base(DeclarativeBase):
    """The tables."""


class Promoter(Base):
    """Who sells, and who brought them in."""

    __tablename__ = "promoter"
    program_id: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(primary_key=True)
    sponsor_id: Mapped[str | None]
    sponsor: Mapped[Promoter | None] = relationship(
        primaryjoin="and_(Promoter.program_id == remote(Promoter.program_id), "
        "foreign(Promoter.sponsor_id) == remote(Promoter.id))",
        viewonly=True,
    )


class Balance(Base):
    """What stands on an account."""

    __tablename__ = "balance"
    program_id: Mapped[str] = mapped_column(primary_key=True)
    owner: Mapped[str] = mapped_column(primary_key=True)
    minor: Mapped[int] = mapped_column(default=0)


class Journal(Base):
    """One per order: the key that makes a second delivery harmless."""

    __tablename__ = "journal"
    order_id: Mapped[str] = mapped_column(primary_key=True)
    program_id: Mapped[str]
    postings: Mapped[list[Posting]] = relationship(cascade="all")


class Posting(Base):
    """A signed amount on an account; a journal's add up to zero."""

    __tablename__ = "posting"
    order_id: Mapped[str] = mapped_column(ForeignKey("journal.order_id"), primary_key=True)
    owner: Mapped[str] = mapped_column(primary_key=True)
    minor: Mapped[int]


class Orm:
    """The contender; it keeps one connection and works sales off that it has not seen."""

    size = 200

    def __init__(self, url: str) -> None:
        engine = create_engine(url, pool_size=1)
        Base.metadata.drop_all(engine)
        Base.metadata.create_all(engine)
        self._sessions = sessionmaker(engine)
        self._sales = sales()
        with self._sessions.begin() as session:
            _fill(session)

    def turn(self) -> Iterator[Work]:
        """Yield the accrual of the next sales."""
        yield partial(self._accrue_all, tuple(islice(self._sales, self.size)))

    def books(self, some: tuple[Sale, ...]) -> Books:
        """Return what these sales come to, accrued twice, and roll the sums back to what they were."""
        before = self._balances()
        self._accrue_all(some)
        self._accrue_all(some)
        after = self._balances()
        self._sales = islice(sales(), len(some), None)
        return {key: minor - before[key] for key, minor in after.items() if minor != before[key]}

    def _accrue_all(self, some: tuple[Sale, ...]) -> None:
        for sale in some:
            with self._sessions.begin() as session:
                accrue(session, sale)

    def _balances(self) -> Books:
        with self._sessions() as session:
            found = session.scalars(select(Balance).where(Balance.owner != PROGRAM_ACCOUNT))
            return {(balance.program_id, balance.owner): balance.minor for balance in found}


def accrue(session: Session, sale: Sale) -> None:
    """Post a sale once: a journal, its postings, and the balances they change."""
    if session.get(Journal, sale.order_id) is not None:
        return
    seller = session.get_one(Promoter, (sale.program_id, sale.promoter_id))
    # Amounts first: the fourth promoter is not even asked for.
    levels = zip(level_amounts(sale.total_minor), _upline(seller), strict=False)
    earned = {promoter.id: minor for minor, promoter in levels}
    changes = {**earned, PROGRAM_ACCOUNT: -sum(earned.values())}
    postings = [Posting(owner=owner, minor=minor) for owner, minor in changes.items()]
    session.add(Journal(order_id=sale.order_id, program_id=sale.program_id, postings=postings))
    of_these = select(Balance).where(Balance.program_id == sale.program_id, Balance.owner.in_(changes))
    for balance in session.scalars(of_these.order_by(Balance.owner).with_for_update()):
        balance.minor += changes[balance.owner]


def _upline(promoter: Promoter | None) -> Iterator[Promoter]:
    while promoter is not None:
        yield promoter
        promoter = promoter.sponsor


def _fill(session: Session) -> None:
    everybody = list(people())
    session.execute(
        insert(Promoter),
        [{"program_id": program, "id": name, "sponsor_id": sponsor} for program, name, sponsor in everybody],
    )
    accounts = [(program, name) for program, name, _ in everybody]
    accounts += [(program_id, PROGRAM_ACCOUNT) for program_id in program_ids()]
    session.execute(insert(Balance), [{"program_id": p, "owner": owner, "minor": 0} for p, owner in accounts])
