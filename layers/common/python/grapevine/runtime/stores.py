"""What a part must do that serves several ports at once: the whole of a store."""

from __future__ import annotations

from typing import Protocol

from grapevine import ports


class LedgerPart(ports.OrderLedger, ports.DueReader, ports.BookReader, ports.EntryLists, Protocol):
    """The whole ledger."""


class ClicksPart(ports.ClickStore, ports.ClickWriter, ports.InterestReader, ports.InterestWriter, Protocol):
    """Clicks and what their visitors looked at, both ways."""


class FactsPart(ports.FactStore, ports.FactScan, Protocol):
    """Facts, both ways, and all of them for the proof."""


class PagesPart(ports.PageFolder, ports.PageReader, Protocol):
    """Pages, both ways."""


class TreasuryPart(ports.Treasury, ports.StateScan, Protocol):
    """Accounts, payouts, and all of it for the proof."""


class SettlementsPart(ports.SettlementStore, ports.SweepMark, Protocol):
    """Settlement runs and how far the sweep has come."""


class FailuresPart(ports.FailureQueue, ports.FailureReader, Protocol):
    """The failure queue, both ends."""
