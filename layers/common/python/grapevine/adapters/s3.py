"""The data bucket on S3."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from grapevine.domain.errors import NotFoundError, UnavailableError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class S3Files:
    """Files by name; the bucket keeps versions, so that replacing one loses nothing."""

    def __init__(self, client: S3Client, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def put(self, name: str, body: bytes, content_type: str) -> None:
        """Write a file, replacing what was there."""
        try:
            self._client.put_object(Bucket=self._bucket, Key=name, Body=body, ContentType=content_type)
        except _refusals() as error:
            raise UnavailableError(f"file {name!r} not written: {error}") from error

    def get(self, name: str) -> bytes:
        """Return a file."""
        try:
            return self._client.get_object(Bucket=self._bucket, Key=name)["Body"].read()
        except self._client.exceptions.NoSuchKey as error:
            raise NotFoundError("file", name) from error
        except _refusals() as error:
            raise UnavailableError(f"file {name!r} not read: {error}") from error

    def names(self, prefix: str) -> Iterator[str]:
        """Yield names by pages of a thousand."""
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix)
        try:
            for page in pages:
                yield from (item["Key"] for item in page.get("Contents", ()))
        except _refusals() as error:
            raise UnavailableError(f"files {prefix!r} not listed: {error}") from error

    def erase(self, name: str) -> None:
        """Erase every version of a file, so that no older one comes back."""
        self._erase(name, older_only=False)

    def erase_older(self, name: str) -> None:
        """Erase every version of a file but the latest."""
        self._erase(name, older_only=True)

    def _erase(self, name: str, *, older_only: bool) -> None:
        pages = self._client.get_paginator("list_object_versions").paginate(Bucket=self._bucket, Prefix=name)
        try:
            for page in pages:
                for one in (*page.get("Versions", ()), *page.get("DeleteMarkers", ())):
                    if one["Key"] == name and not (older_only and one["IsLatest"]):
                        version = one["VersionId"]
                        self._client.delete_object(Bucket=self._bucket, Key=name, VersionId=version)
        except _refusals() as error:
            raise UnavailableError(f"file {name!r} not erased: {error}") from error


def _refusals() -> tuple[type[Exception], ...]:
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - only once something failed

    return BotoCoreError, ClientError
