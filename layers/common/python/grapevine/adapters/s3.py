"""The data bucket on S3."""

from __future__ import annotations

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


def _refusals() -> tuple[type[Exception], ...]:
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - only once something failed

    return BotoCoreError, ClientError
