"""Where a deploy goes: a stage on AWS, or the local stack. What follows is one code for both."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_s3 import S3Client

LOCAL_REGION = "us-east-1"
#: The local stack knows its owner by this key and believes any secret.
LOCAL_KEY = "test"
_PATIENT = Config(retries={"mode": "standard", "max_attempts": 8}, connect_timeout=5, read_timeout=60)
_POLL_AWS_SECONDS = 3.0
_POLL_LOCAL_SECONDS = 0.1


def local_session() -> boto3.Session:
    """A session with made-up credentials, so that nothing meant for the local stack can reach an account."""
    return boto3.Session(
        aws_access_key_id=LOCAL_KEY, aws_secret_access_key=LOCAL_KEY, region_name=LOCAL_REGION
    )


@dataclass(frozen=True, slots=True)
class Site:
    """One stage somewhere. Without an endpoint it is AWS, as the environment's credentials say."""

    stage: str
    endpoint_url: str | None = None
    session: boto3.Session = field(default_factory=boto3.Session, repr=False)

    @classmethod
    def local(cls, endpoint_url: str, stage: str = "local") -> Site:
        """The local stack at this URL."""
        return cls(stage=stage, endpoint_url=endpoint_url, session=local_session())

    @property
    def is_local(self) -> bool:
        """Whether time may be moved here and wheels may be this machine's."""
        return self.endpoint_url is not None

    @property
    def region(self) -> str:
        """The region, which AWS wants to be told."""
        return str(self.session.region_name or "")

    @property
    def poll_seconds(self) -> float:
        """How long to wait between two looks at a stack."""
        return _POLL_LOCAL_SECONDS if self.is_local else _POLL_AWS_SECONDS

    def s3(self) -> S3Client:
        """A client for the artifacts bucket."""
        return self.session.client("s3", endpoint_url=self.endpoint_url, config=_PATIENT)

    def cloudformation(self) -> CloudFormationClient:
        """A client for the stacks."""
        return self.session.client("cloudformation", endpoint_url=self.endpoint_url, config=_PATIENT)

    def account(self) -> str:
        """The account number, for the one bucket name that must be the world's own."""
        sts = self.session.client("sts", endpoint_url=self.endpoint_url, config=_PATIENT)
        return str(sts.get_caller_identity()["Account"])
