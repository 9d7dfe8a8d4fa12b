"""What is made when it is first asked for by name: rails with a program's secrets, storefronts' adapters.

Which there are, `wiring` says.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import datetime
from functools import lru_cache
from importlib import import_module
from typing import ClassVar

from grapevine import ports
from grapevine.domain.errors import InvalidInputError, NotFoundError
from grapevine.domain.programs import Storefront
from grapevine.domain.transfers import RailName, RailSecrets
from grapevine.ports.shop_clients import ShopNeeds, ShopUnavailableError, Wait

MOST_OPEN = 100
Pairs = tuple[tuple[str, str], ...]


class OpenedRails:
    """Rails that stay open while their secrets are the same: they keep a connection, or a token."""

    modules: ClassVar[Mapping[RailName, str]] = {}
    without_secrets: ClassVar[Collection[RailName]] = ()

    def __init__(self, secrets: ports.SecretStore, files: ports.Files, now: Callable[[], datetime]) -> None:
        self._secrets = secrets
        self._files = files
        self._now = now
        self._opened = lru_cache(MOST_OPEN)(self._open)

    def rail(self, program_id: str, name: RailName) -> ports.Rail:
        """Return a rail with the program's credentials; NotFoundError where it has none for it.

        RailUnavailableError where they are not whole: what is to be paid waits until they are.
        """
        needs_none = name in self.without_secrets
        secrets = RailSecrets(values={}) if needs_none else self._secrets.rail_secrets(program_id, name)
        if secrets is None or name not in self.modules:
            raise NotFoundError("rail", f"{program_id}/{name}")
        return self._opened(program_id, name, tuple(secrets.values.items()))

    def _open(self, program_id: str, name: RailName, pairs: Pairs) -> ports.Rail:
        module = import_module(f"..adapters.rails.{self.modules[name]}", __package__)
        secrets = RailSecrets(values=dict(pairs))
        needs = ports.RailNeeds(program_id=program_id, secrets=secrets, files=self._files, now=self._now)
        try:
            opened: ports.Rail = module.open_rail(needs)
        except InvalidInputError as error:
            where = f"{program_id}/{name}"
            raise ports.RailUnavailableError(f"the secrets of rail {where}: {error}") from error
        return opened


class OpenedShops:
    """Shops' APIs that stay open while what they are used with is the same: some keep a token."""

    modules: ClassVar[Mapping[str, str]] = {}

    def __init__(self, secrets: ports.SecretStore, now: Callable[[], datetime], wait: Wait) -> None:
        self._secrets = secrets
        self._now = now
        self._wait = wait
        self._opened = lru_cache(MOST_OPEN)(self._open)

    def client(self, storefront: Storefront) -> ports.ShopClient:
        """Return a shop's client; NotFoundError where we may not use its API, or know none of its kind."""
        secrets = self._secrets.storefront_secrets(storefront.id)
        if not secrets or not secrets.access or storefront.platform not in self.modules:
            raise NotFoundError("access to the shop's API", storefront.id)
        return self._opened(storefront, tuple(secrets.access.items()))

    def _open(self, storefront: Storefront, pairs: Pairs) -> ports.ShopClient:
        module = import_module(f"..adapters.shops.{self.modules[storefront.platform]}", __package__)
        needs = ShopNeeds(domain=storefront.domain, access=dict(pairs), now=self._now, wait=self._wait)
        try:
            opened: ports.ShopClient = module.open_client(needs)
        except InvalidInputError as error:
            raise ShopUnavailableError(f"the access of storefront {storefront.id}: {error}") from error
        return opened


class StorefrontAdapters(Mapping[str, ports.StorefrontAdapter]):
    """Adapters by platform; a function imports those of the shops that send to it and no others."""

    def __init__(self, modules: Mapping[str, str]) -> None:
        self._modules = modules

    def __getitem__(self, platform: str) -> ports.StorefrontAdapter:
        """Return a platform's adapter; KeyError where we have none."""
        module = import_module(f"..adapters.storefronts.{self._modules[platform]}", __package__)
        adapter: ports.StorefrontAdapter = module.ADAPTER
        return adapter

    def __iter__(self) -> Iterator[str]:
        return iter(self._modules)

    def __len__(self) -> int:
        return len(self._modules)
