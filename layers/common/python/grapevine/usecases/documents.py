"""Collected documents in the bucket: written, read, and erased with whom they are about."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from grapevine.domain.privacy import export_file, export_folder
from grapevine.ports import Files

Json = dict[str, Any]


def put_document(
    program_id: str, record_id: str, names: Iterable[str], said: Mapping[str, Any], files: Files
) -> Json:
    """Write a document, with the names of all that it is about, and return it."""
    document = {"about": sorted(names), **said}
    body = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    files.put(export_file(program_id, record_id), body, "application/json")
    return document


def read_document(program_id: str, record_id: str, files: Files) -> Json:
    """Return a document; NotFoundError once it has expired, or was erased."""
    document: Json = json.loads(files.get(export_file(program_id, record_id)))
    return document


def erase_documents(program_id: str, names: set[str], files: Files) -> int:
    """Erase every document that is about any of these; return how many there were."""
    found = [name for name in files.names(export_folder(program_id)) if _is_about(name, names, files)]
    for name in found:
        files.erase(name)
    return len(found)


def _is_about(file: str, names: set[str], files: Files) -> bool:
    return not names.isdisjoint(json.loads(files.get(file))["about"])
