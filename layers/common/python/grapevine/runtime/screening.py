"""Screening's Lambda side."""

from __future__ import annotations

from grapevine.runtime import observe
from grapevine.runtime.parts import Parts
from grapevine.runtime.streams import Answer, Image, Record, answer_images
from grapevine.usecases.screen_order import ScreenOrder, ScreenOrderPorts, screen_order


def screen(event: Record, parts: Parts) -> Answer:
    """Screen a batch of facts; a verdict, being a fact itself, is not screened."""
    ports = ScreenOrderPorts(parts.clicks, parts.catalog, parts.facts)

    def each(image: Image) -> None:
        fact = parts.fact_of(image)
        observe.note_each(orders=str(fact.order))
        screen_order(ScreenOrder(fact), ports, parts.now())

    return answer_images("screen_facts", event, each)
