"""Screening's Lambda side; what verdicts tell the outside is logged here too, where they come by."""

from __future__ import annotations

from grapevine.domain.event_rows import verdict_change
from grapevine.domain.facts import FactKind
from grapevine.runtime import observe
from grapevine.runtime.notifying import event_ports
from grapevine.runtime.parts import Parts
from grapevine.runtime.streams import Answer, Image, Record, answer_images
from grapevine.usecases.log_events import log_changes
from grapevine.usecases.screen_order import ScreenOrder, ScreenOrderPorts, screen_order


def screen(event: Record, parts: Parts) -> Answer:
    """Screen a batch of facts; a verdict, being a fact itself, is not screened."""
    ports = ScreenOrderPorts(parts.clicks, parts.catalog, parts.facts)

    def each(image: Image) -> None:
        fact = parts.fact_of(image)
        observe.note_each(orders=str(fact.order))
        if fact.kind is FactKind.VERDICT:
            log_changes((verdict_change(fact),), event_ports(parts), parts.now())
        screen_order(ScreenOrder(fact), ports, parts.now())

    return answer_images("screen_facts", event, each)
