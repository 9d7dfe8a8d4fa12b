"""What a message says, in each language: a subject, and a sentence for each thing and currency."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from grapevine.domain.messages import Contact, Message, Note, NoteKind, sums
from grapevine.domain.programs import Program
from grapevine.domain.wording import Language
from grapevine.domain.wordings import WORDINGS


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageWords:
    """One language's sentences: of one thing, and of several."""

    one: Mapping[NoteKind, str]
    several: Mapping[NoteKind, str]
    subjects: Mapping[NoteKind, str]


TEXTS: dict[Language, MessageWords] = {
    Language.EN: MessageWords(
        one={
            NoteKind.EARNED: "You earned {amount}.",
            NoteKind.PAID: "{amount} was paid to you.",
            NoteKind.RETURNED: "{amount} could not be paid and came back to your balance. "
            "Please check where you are paid.",
            NoteKind.NEEDS_ACTION: "{amount} is waiting for you. "
            "Before it can be paid we need to know: {detail}.",
        },
        several={
            NoteKind.EARNED: "You earned {amount} in {number} steps.",
            NoteKind.PAID: "{amount} was paid to you, in {number} parts.",
            NoteKind.RETURNED: "{amount}, in {number} parts, could not be paid and came back to you. "
            "Please check where you are paid.",
            NoteKind.NEEDS_ACTION: "{amount} is waiting for you. "
            "Before it can be paid we need to know: {detail}.",
        },
        subjects={
            NoteKind.EARNED: "{program}: you earned {amount}",
            NoteKind.PAID: "{program}: {amount} was paid to you",
            NoteKind.RETURNED: "{program}: a payout came back",
            NoteKind.NEEDS_ACTION: "{program}: we need something from you",
        },
    ),
    Language.ZH: MessageWords(
        one={
            NoteKind.EARNED: "你赚到了 {amount}。",
            NoteKind.PAID: "{amount} 已付给你。",
            NoteKind.RETURNED: "{amount} 未能付出，已退回你的余额。请检查你的收款信息。",
            NoteKind.NEEDS_ACTION: "{amount} 正在等你领取。付款前我们需要知道：{detail}。",
        },
        several={
            NoteKind.EARNED: "你分 {number} 笔赚到了 {amount}。",
            NoteKind.PAID: "{amount} 已分 {number} 笔付给你。",
            NoteKind.RETURNED: "共 {number} 笔、合计 {amount} 未能付出，已退回你的余额。请检查你的收款信息。",
            NoteKind.NEEDS_ACTION: "{amount} 正在等你领取。付款前我们需要知道：{detail}。",
        },
        subjects={
            NoteKind.EARNED: "{program}：你赚到了 {amount}",
            NoteKind.PAID: "{program}：{amount} 已付给你",
            NoteKind.RETURNED: "{program}：有一笔付款被退回",
            NoteKind.NEEDS_ACTION: "{program}：需要你补充信息",
        },
    ),
}
URGENT = (NoteKind.NEEDS_ACTION, NoteKind.RETURNED, NoteKind.PAID, NoteKind.EARNED)
"""What a message tells of first, and is called by."""


def message_of(notes: Sequence[Note], contact: Contact, program: Program) -> Message:
    """Return the one message that tells all of these notes, what asks for something first."""
    words, lines, subject = TEXTS[contact.language], [], ""
    for kind in URGENT:
        detail = next((note.detail for note in reversed(notes) if note.kind is kind and note.detail), "")
        for currency, (sum_minor, number) in sums(notes, kind).items():
            # Each run says how much waits by then; only what the last one says is true.
            minor = _latest_minor(notes, kind) if kind is NoteKind.NEEDS_ACTION else sum_minor
            amount = WORDINGS[contact.language].amount(minor, currency)
            template = (words.one if number == 1 else words.several)[kind]
            lines.append(template.format(amount=amount, number=number, detail=detail))
            subject = subject or words.subjects[kind].format(program=program.name, amount=amount)
    return Message(
        program_id=program.id, promoter_id=notes[0].promoter_id, subject=subject, lines=tuple(lines)
    )


def _latest_minor(notes: Sequence[Note], kind: NoteKind) -> int:
    return next(note.amount_minor for note in reversed(notes) if note.kind is kind)
