"""The bucket that CloudFormation takes zips and templates from."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import CreateBucketRequestTypeDef

    from infra.house import Artifact
    from infra.site import Site

_NO_LOCATION = "us-east-1"  # the one region that refuses to be named when a bucket is made


@dataclass(frozen=True, slots=True)
class ArtifactStore:
    """Uploads what is new; keys are named after contents, so what is there already is right."""

    s3: S3Client
    bucket: str

    @classmethod
    def at(cls, site: Site) -> ArtifactStore:
        """Find or make the bucket of this account and region."""
        store = cls(s3=site.s3(), bucket=f"grapevine-artifacts-{site.account()}-{site.region}")
        if not store._has_bucket():
            store._make_bucket(site.region)
        return store

    def put(self, artifact: Artifact) -> str:
        """Upload a zip unless it is there, and return its key."""
        if not self._has(artifact.key):
            self.s3.put_object(Bucket=self.bucket, Key=artifact.key, Body=artifact.path.read_bytes())
        return artifact.key

    def put_template(self, name: str, text: str) -> str:
        """Upload a template, which may be too long to send along, and return its URL."""
        key = f"template-{name}-{hashlib.sha256(text.encode()).hexdigest()[:32]}.json"
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=text.encode())
        return f"{self.s3.meta.endpoint_url}/{self.bucket}/{key}"

    def _has(self, key: str) -> bool:
        try:
            self.s3.head_object(Bucket=self.bucket, Key=key)
        except ClientError as error:
            if _is_missing(error):
                return False
            raise
        return True

    def _has_bucket(self) -> bool:
        try:
            self.s3.head_bucket(Bucket=self.bucket)
        except ClientError as error:
            if _is_missing(error):
                return False
            raise
        return True

    def _make_bucket(self, region: str) -> None:
        wanted: CreateBucketRequestTypeDef = {"Bucket": self.bucket}
        if region != _NO_LOCATION:
            wanted["CreateBucketConfiguration"] = {"LocationConstraint": region}  # type: ignore[typeddict-item]  # any region
        self.s3.create_bucket(**wanted)
        self.s3.put_public_access_block(
            Bucket=self.bucket,
            PublicAccessBlockConfiguration={
                "BlockPublicAcls": True,
                "BlockPublicPolicy": True,
                "IgnorePublicAcls": True,
                "RestrictPublicBuckets": True,
            },
        )


def _is_missing(error: ClientError) -> bool:
    return error.response.get("Error", {}).get("Code") in {"404", "NoSuchBucket", "NoSuchKey", "NotFound"}
