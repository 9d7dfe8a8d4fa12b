"""Several ports at once, where one thing serves them all."""

from __future__ import annotations

from typing import Protocol

from grapevine.ports.catalog import (
    ApiKeyReader,
    CampaignCatalog,
    CatalogLists,
    CouponWriter,
    LinkReader,
    NetworkCatalog,
    PeopleCatalog,
    ProgramCatalog,
    RateWriter,
    StorefrontLists,
)
from grapevine.ports.products import ProductLists


class WholeCatalog(
    PeopleCatalog,
    NetworkCatalog,
    CampaignCatalog,
    ProgramCatalog,
    CouponWriter,
    RateWriter,
    LinkReader,
    StorefrontLists,
    CatalogLists,
    ProductLists,
    ApiKeyReader,
    Protocol,
):
    """Every port of the catalog."""
