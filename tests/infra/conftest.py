"""Fixtures of the infra tests. To share the running stack with other folders, load them from the root."""

from tests.infra.plugin import built_layers, deployment, packaged, probe

__all__ = ["built_layers", "deployment", "packaged", "probe"]
