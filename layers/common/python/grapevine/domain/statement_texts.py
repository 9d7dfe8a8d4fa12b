"""What each line of a statement says to whoever reads it, and the names of its parts, in both languages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum

from grapevine.domain.accounts import Leaf
from grapevine.domain.sentences import beside_clause, entry_sentence
from grapevine.domain.settlements import CarryReason
from grapevine.domain.statement_lines import PLACES, Carry, Line, LineKind
from grapevine.domain.withholding import NotPaidReason
from grapevine.domain.wording import Language, Phrase, Wording

_LEAVES = {LineKind.FEE: Leaf.FEES, LineKind.TAX: Leaf.TAX}


def line_sentence(line: Line, currency: str, words: Wording) -> str:
    """Return what a line says: why, and what is where now."""
    if line.entry is None:
        clauses = _carried(line.carry, currency, words) if line.carry else _joined(line, currency, words)
        return words.sentence(*clauses)
    if line.kind in _LEAVES:
        taken = -line.changes.total_minor
        return words.sentence(beside_clause(_LEAVES[line.kind], taken, currency, words))
    return entry_sentence(line.entry, frozenset((line.account_id,)), words)


def _carried(carry: Carry, currency: str, words: Wording) -> Iterator[str]:
    told, missing = carry.outcome, words.amount(carry.outcome.missing_minor, currency)
    is_negative = told.reason == CarryReason.NEGATIVE
    phrase = Phrase.CARRIED_NEGATIVE if is_negative else Phrase.CARRIED
    yield words.say(phrase, amount=words.amount(told.amount_minor, currency), settlement=carry.settlement_id)
    if told.reason == CarryReason.BELOW_MINIMUM:
        yield words.say(Phrase.CARRIED_BELOW, amount=missing)
    elif told.reason == CarryReason.DETAILS_MISSING:
        yield words.say(Phrase.CARRIED_UNKNOWN, what=told.detail)
    elif told.reason == NotPaidReason.NOTHING_LEFT:
        yield words.say(Phrase.CARRIED_FOR_FEES, amount=missing)


def _joined(line: Line, currency: str, words: Wording) -> Iterator[str]:
    moved = line.changes.balance_minor
    is_here = line.other_id == line.account_id
    phrase = Phrase.ACCOUNT_JOINED if is_here else Phrase.ACCOUNT_LEFT
    amount = words.amount(moved if is_here else -moved, currency)
    yield words.say(phrase, account=line.other_id, amount=amount)


class Label(StrEnum):
    """A heading, or the name of something, on a statement."""

    TITLE = "title"
    PROGRAM = "program"
    PROMOTER = "promoter"
    PERIOD = "period"
    CURRENCY = "currency"
    PERIOD_IS = "period_is"
    STATE = "state"
    FINAL = "final"
    NOT_FINAL = "not_final"
    SUMMARY = "summary"
    OPENING = "opening"
    CLOSING = "closing"
    AT_OPENING = "at_opening"
    AT_CLOSING = "at_closing"
    WHERE = "where"
    BALANCE = "balance"
    LINES = "lines"
    DATE = "date"
    ABOUT = "about"
    AMOUNT = "amount"
    NO_LINES = "no_lines"
    PAGE = "page"
    SIGNATURE = "signature"
    HOW_SIGNED = "how_signed"
    BALANCE_IS = "balance_is"


LABELS: dict[Language, Mapping[Label, str]] = {
    Language.EN: {
        Label.TITLE: "Statement",
        Label.PROGRAM: "Program",
        Label.PROMOTER: "Promoter",
        Label.PERIOD: "Period",
        Label.CURRENCY: "Currency",
        Label.PERIOD_IS: "{first} to {last}, both included ({zone})",
        Label.STATE: "State",
        Label.FINAL: "Final: nothing is added to this period any more.",
        Label.NOT_FINAL: "Not final: as of {as_of}; the period may still get lines.",
        Label.SUMMARY: "Summary",
        Label.OPENING: "Opening balance",
        Label.CLOSING: "Closing balance",
        Label.AT_OPENING: "At the beginning",
        Label.AT_CLOSING: "At the end",
        Label.WHERE: "Where it is",
        Label.BALANCE: "Balance",
        Label.LINES: "Lines",
        Label.DATE: "Date",
        Label.ABOUT: "What happened",
        Label.AMOUNT: "Amount",
        Label.NO_LINES: "Nothing happened in this period.",
        Label.PAGE: "Page {number} of {pages}",
        Label.SIGNATURE: "Signature",
        Label.HOW_SIGNED: (
            "Signed with the program's key: whoever runs the program can prove that no figure was changed."
        ),
        Label.BALANCE_IS: (
            "The balance is what was earned and not paid yet: held, payable, blocked or on its way."
        ),
    },
    Language.ZH: {
        Label.TITLE: "对账单",
        Label.PROGRAM: "计划",
        Label.PROMOTER: "推广者",
        Label.PERIOD: "期间",
        Label.CURRENCY: "货币",
        Label.PERIOD_IS: "{first} 至 {last}（含首尾两日，时区 {zone}）",
        Label.STATE: "状态",
        Label.FINAL: "最终版：本期不会再有新的记录。",
        Label.NOT_FINAL: "非最终版：截至 {as_of}，本期仍可能有新的记录。",
        Label.SUMMARY: "汇总",
        Label.OPENING: "期初余额",
        Label.CLOSING: "期末余额",
        Label.AT_OPENING: "期初",
        Label.AT_CLOSING: "期末",
        Label.WHERE: "款项状态",
        Label.BALANCE: "余额",
        Label.LINES: "明细",
        Label.DATE: "日期",
        Label.ABOUT: "事项",
        Label.AMOUNT: "金额",
        Label.NO_LINES: "本期没有任何记录。",
        Label.PAGE: "第 {number} 页，共 {pages} 页",
        Label.SIGNATURE: "签名",
        Label.HOW_SIGNED: "本对账单以计划的密钥签名，计划的运营方可以证明本文件中的数字未被改动。",
        Label.BALANCE_IS: "余额是已获得而尚未付出的款项：等待中、可提现、暂停或付款中。",
    },
}

KINDS: dict[Language, Mapping[LineKind, str]] = {
    Language.EN: {
        LineKind.ACCRUAL: "Accruals",
        LineKind.REVERSAL: "Reversals",
        LineKind.BONUS: "Bonuses",
        LineKind.POINTS: "Points",
        LineKind.TAKEN_OVER: "From another system",
        LineKind.TRANSFER: "Transfers",
        LineKind.WRITE_OFF: "Written off",
        LineKind.FEE: "Fees",
        LineKind.TAX: "Tax withheld",
        LineKind.PAYOUT: "Payouts",
        LineKind.MOVE: "Status changes",
        LineKind.CARRY: "Carried forward",
    },
    Language.ZH: {
        LineKind.ACCRUAL: "获得佣金",
        LineKind.REVERSAL: "扣回佣金",
        LineKind.BONUS: "奖金",
        LineKind.POINTS: "积分变动",
        LineKind.TAKEN_OVER: "其他系统转入",
        LineKind.TRANSFER: "账户间划转",
        LineKind.WRITE_OFF: "免除欠款",
        LineKind.FEE: "手续费",
        LineKind.TAX: "代扣税款",
        LineKind.PAYOUT: "付款",
        LineKind.MOVE: "状态变化",
        LineKind.CARRY: "结转",
    },
}
"""What the sums of lines are called."""
LINE_NAMES: dict[Language, Mapping[LineKind, str]] = {
    Language.EN: {
        **KINDS[Language.EN],
        LineKind.ACCRUAL: "Accrual",
        LineKind.REVERSAL: "Reversal",
        LineKind.BONUS: "Bonus",
        LineKind.TRANSFER: "Transfer",
        LineKind.FEE: "Fee",
        LineKind.PAYOUT: "Payout",
        LineKind.MOVE: "Status change",
    },
    Language.ZH: KINDS[Language.ZH],
}
"""What one line is called."""
PLACE_NAMES: dict[Language, Mapping[Leaf, str]] = {
    Language.EN: dict(zip(PLACES, ("Held", "Payable", "Blocked", "On its way", "Paid"), strict=True)),
    Language.ZH: dict(zip(PLACES, ("等待中", "可提现", "暂停", "付款中", "已付"), strict=True)),
}
COLUMNS: dict[Language, tuple[str, ...]] = {
    Language.EN: (
        *("row", "kind", "name", "time", "account", "about", "entry", "reason", "balance"),
        *("held", "payable", "blocked", "reserved", "paid", "text"),
    ),
    Language.ZH: (
        *("行", "类别", "名称", "时间", "账户", "关于", "记录", "原因", "余额"),
        *(PLACE_NAMES[Language.ZH][leaf] for leaf in PLACES),
        "说明",
    ),
}
"""The columns of the spreadsheet."""
