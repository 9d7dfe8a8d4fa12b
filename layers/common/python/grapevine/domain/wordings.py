"""What we say to promoters, per language: every template is here or, in Chinese, in `wordings_zh`.

A test goes through every reason and phrase and finds the language that lacks one. Templates are
filled by name; what comes in (`amount`, `date`, `rate`) is already written in the language. The
reader has a phone and is no accountant.
"""

from __future__ import annotations

from grapevine.domain.candidates import Reason
from grapevine.domain.entries import EntryReason
from grapevine.domain.facts import Component
from grapevine.domain.wording import Language, Phrase, Wording
from grapevine.domain.wordings_zh import ZH

EN = Wording(
    entries={
        EntryReason.ACCRUED: "an order of yours was paid",
        EntryReason.REFUNDED: "something of the order was refunded",
        EntryReason.EDITED: "the order was changed",
        EntryReason.CANCELLED: "the order was cancelled",
        EntryReason.UNPAID: "the order is not paid any more",
        EntryReason.REATTRIBUTED: "we learned whose customer this was",
        EntryReason.TIERED: "what was sold in the month changed the rate",
        EntryReason.RELEASED: "the waiting time is over",
        EntryReason.BLOCKED: "the order has to be checked",
        EntryReason.UNBLOCKED: "the order was checked and is fine",
        EntryReason.RECORDED: "we noted something about the order; no amount changed",
        EntryReason.RESERVED: "a payout to you was started",
        EntryReason.PAID: "a payout reached you",
        EntryReason.RETURNED: "a payout did not reach you and came back",
        EntryReason.VOIDED: "you were banned from the program",
        EntryReason.MERGED: "your accounts became one",
        EntryReason.WRITTEN_OFF: "what you still owed was given up",
        EntryReason.BONUS: "you earned a bonus",
        EntryReason.UNDONE: "what a bonus was for does not count any more",
        EntryReason.SPENT: "you spent points",
        EntryReason.EXPIRED: "points of yours expired",
    },
    decisions={
        Reason.LAST_CLICK: "the link that was opened last counts",
        Reason.FIRST_CLICK: "the link that was opened first counts",
        Reason.LINEAR: "everybody whose link was opened has an equal part",
        Reason.COUPON: "the coupon on the order counts",
        Reason.NO_TOUCH: "nobody's link or coupon led to it",
        Reason.CLICK_PENDING: "we are waiting for the visit through the link to arrive",
        Reason.RATE_PENDING: "we are waiting for the exchange rate",
        Reason.NONE_ELIGIBLE: "no link or coupon that led to it counts",
        Reason.ELIGIBLE: "the link or coupon counts",
        Reason.AFTER_ORDER: "the link was opened only after the order",
        Reason.OUTSIDE_WINDOW: "the link was opened too long before the order",
        Reason.RECORDED_LATE: "we learned of the visit through the link too late",
        Reason.BOT: "a robot opened the link, not a person",
        Reason.OTHER_PROGRAM: "the link is of another program",
        Reason.UNKNOWN_PROMOTER: "the promoter is not in this program",
        Reason.SUSPENDED: "the promoter was suspended at that time",
        Reason.BANNED: "the promoter was banned at that time",
        Reason.LEFT: "the promoter had left by that time",
        Reason.DISABLED: "the coupon was switched off at that time",
        Reason.PUBLIC_COUPON: "the coupon is public: it counts only where its promoter's link was opened too",
        Reason.SELF_PURCHASE: "one's own purchases earn nothing here",
        Reason.BINDING: "the promoter to whom the customer is tied counts",
        Reason.EXISTING_CUSTOMER: "only orders of new customers count, and this one had bought before",
        Reason.REPEAT_ORDER: "further orders of this customer earn nothing any more",
    },
    phrases={
        Phrase.EARNED: "you earned {amount}: {rate} of {base} that somebody bought {how} on {date}",
        Phrase.EARNED_BY_RULES: (
            "you earned {amount} from {base} that somebody bought {how} on {date}, "
            "at the special rates of what was bought"
        ),
        Phrase.EARNED_BY_ORDER: "you earned {amount} for an order that somebody placed {how} on {date}",
        Phrase.FOR_THE_ORDER: "and {amount} more for the order itself",
        Phrase.FOR_THE_TIER: "and {amount} more for your tier {tier} by what was sold in {month}",
        Phrase.BY_CAMPAIGN: "the campaign {name} added {amount}",
        Phrase.BY_POINTS: "you earned {amount} with it",
        Phrase.SO_FAR: "what {month} makes of it is not final yet",
        Phrase.OWN_LINK: "through your link",
        Phrase.OWN_COUPON: "with your coupon {code}",
        Phrase.OWN_CUSTOMER: "as a customer who is tied to you",
        Phrase.ONE_BELOW: "through a promoter one level below you",
        Phrase.FURTHER_BELOW: "through a promoter {steps} levels below you",
        Phrase.STANDS_IN: "through another promoter, where you stand in at level {level},",
        Phrase.OWN_PRODUCT: "of a product that is yours",
        Phrase.PRODUCT_ONE_BELOW: "of a product that is a promoter's one level below you",
        Phrase.PRODUCT_FURTHER_BELOW: "of a product that is a promoter's {steps} levels below you",
        Phrase.PRODUCT_STANDS_IN: "of another promoter's product, where you stand in at level {level},",
        Phrase.COUNTED: "what counts here: {what}",
        Phrase.TAKEN_OUT: "{amount} more was paid in a way that does not count",
        Phrase.SHARED: "this is your equal part of what {number} promoters share",
        Phrase.CAPPED: "a limit of the program made it less",
        Phrase.LIMITED: "the program's limits leave you {left} of {before}",
        Phrase.CONVERTED: "1 {base} counted as {rate} {quote}",
        Phrase.PART_BACK: "{amount} went back when part was refunded",
        Phrase.ALL_BACK: "all of it went back when everything was refunded",
        Phrase.CANCELLED_BACK: "all of it went back when the order was cancelled",
        Phrase.UNPAID_BACK: "all of it went back because the order is not paid",
        Phrase.TEST_BACK: "it does not count because the order is a test",
        Phrase.VOIDED_BACK: "all of it went back because you were banned before it was payable",
        Phrase.PAYABLE_ON: "payable on {date}",
        Phrase.IS_PAYABLE: "it is yours and payable now",
        Phrase.IS_BLOCKED: "it is stopped while the order is checked",
        Phrase.IS_REVIEWED: "it waits until somebody has looked at the order",
        Phrase.IS_HELD: "it waits until the order is paid",
        Phrase.WAITS_FOR_YOU: "it waits while you are suspended",
        Phrase.RECRUIT_BONUS: (
            "you got a bonus of {amount}: the first order of somebody you invited was released"
        ),
        Phrase.GATED: (
            "you earned nothing from this sale of somebody below you: {sold} was sold through you "
            "in {month}, and it takes {gate}"
        ),
        Phrase.NOTHING: "you earned nothing from this order",
        Phrase.NOTHING_BECAUSE: "you earned nothing from this order: {why}",
        Phrase.NOBODY_BECAUSE: "nobody earned from this order: {why}",
        Phrase.UNDECIDED: "nothing is decided yet: {why}",
        Phrase.HOUSE: "{amount} stayed with the program: nobody could earn at level {level}",
        Phrase.NOTHING_STAYED: "nothing of this order stayed with the program",
        Phrase.RULED_ACCEPTED: "{who} looked at odd amounts of the order and accepted them: {why}",
        Phrase.RULED_REJECTED: "{who} looked at odd amounts of the order and rejected them: {why}",
        Phrase.MORE: "you have {amount} more",
        Phrase.LESS: "{amount} went back",
        Phrase.MOVED_IN: "{amount} came from your other account",
        Phrase.MOVED_OUT: "{amount} moved to your other account",
        Phrase.FORGIVEN: "it was {amount}",
        Phrase.NOW_HELD: "{amount} waits to become payable",
        Phrase.NOW_PAYABLE: "{amount} is payable now",
        Phrase.NOW_BLOCKED: "{amount} is stopped for now",
        Phrase.NOW_RESERVED: "{amount} is on its way to you",
        Phrase.NOW_PAID: "{amount} was paid to you",
    },
    components={
        Component.ITEM: "goods",
        Component.TAX: "tax",
        Component.SHIPPING: "shipping",
        Component.TIP: "tips",
        Component.GIFT_CARD: "gift cards",
    },
    currencies={"PTS": "points"},
    day="{day} {month}",
    day_and_year="{day} {month} {year}",
    month_and_year="{month} {year}",
    months=(
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ),
    percent="{number} %",
    joint="; ",
    comma=", ",
    stop=".",
)

WORDINGS: dict[Language, Wording] = {Language.EN: EN, Language.ZH: ZH}
