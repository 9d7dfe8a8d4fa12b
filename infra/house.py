"""The names and places that packaging, deploying and the tests agree on."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build"
INFRA = ROOT / "infra"
REQUIREMENTS = ROOT / "requirements"

#: In the order in which a click becomes a payout; they are deployed side by side.
APPS = ("track_click", "place_order", "accrue", "settle", "fraud", "insight", "notify", "console")
LAYERS = ("common", "science")

#: Lambda runs what packages: runtime, wheels and bytecode all follow the interpreter that does it.
PYTHON_VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"
RUNTIME = f"python{PYTHON_VERSION}"

#: A name that no deployed stage has; it is in the zip's tags only.
CHALICE_STAGE = "package"
#: API Gateway's stage name, which Chalice fixes in the template.
API_STAGE = "api"


class InfraError(Exception):
    """Something between the sources and the running functions went wrong; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Artifact:
    """A zip that goes to the artifacts bucket, named after what is in it."""

    name: str
    path: Path
    digest: str

    @property
    def key(self) -> str:
        """The key of the bucket: equal contents are uploaded once and change no template."""
        return f"{self.name}-{self.digest[:32]}.zip"


def source(app: str) -> Path:
    """The folder of one Chalice app."""
    return ROOT / "functions" / app


def stack_name(stage: str, part: str) -> str:
    """The CloudFormation stack of an app or of the platform: `grapevine-dev-track-click`."""
    return f"grapevine-{stage}-{part}".replace("_", "-")
