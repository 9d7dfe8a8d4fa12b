"""WeChat's message push: its signature, its encryption, and its bodies in JSON or XML.

`cryptography` is in place_order's own zip, and is loaded when the first encrypted message is opened.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable, Sequence
from xml.etree import ElementTree as ET

from grapevine.adapters.storefronts.json_values import Node, parse_object
from grapevine.domain.errors import MalformedBodyError

_AES_KEY_LETTERS = 43
_LEADING, _LENGTH = 16, 4
"""Before the text: 16 random bytes, and its length in 4."""
_LARGEST_PADDING = 32


def signature_of(token: str, *parts: str) -> str:
    """Return the SHA-1 of the token and what is signed with it, sorted and joined."""
    return hashlib.sha1(
        "".join(sorted((token, *parts))).encode("utf-8", "replace"), usedforsecurity=False
    ).hexdigest()


def is_signed(signature: str, tokens: Iterable[str], *parts: str) -> bool:
    """Compare with each token's signature in constant time; an empty token would be everybody's."""
    given, found = signature.strip().encode("utf-8", "replace"), False
    for token in tokens:
        found |= bool(token) and hmac.compare_digest(given, signature_of(token, *parts).encode())
    return found


def parse_push(raw: bytes) -> Node:
    """Read a pushed body, JSON or XML; MalformedBodyError for anything else."""
    return _parse_xml(raw) if raw.lstrip()[:1] == b"<" else parse_object(raw)


def decrypted(encrypted: str, aes_key: str) -> tuple[bytes, str]:
    """Return the text of an encrypted message and the app it is for; MalformedBodyError without them."""
    plain = _unpadded(_deciphered(_from_base64(encrypted), key_of(aes_key)))
    length = int.from_bytes(plain[_LEADING : _LEADING + _LENGTH], "big")
    rest = plain[_LEADING + _LENGTH :]
    if len(plain) < _LEADING + _LENGTH or length > len(rest):
        raise MalformedBodyError("not a message inside", "Encrypt")
    return rest[:length], rest[length:].decode("utf-8", "replace")


def key_of(aes_key: str) -> bytes:
    """Return the 32 bytes that an EncodingAESKey of 43 letters stands for."""
    if len(aes_key) != _AES_KEY_LETTERS:
        raise MalformedBodyError("the storefront's EncodingAESKey is not 43 letters", "encoding_aes_key")
    return _from_base64(f"{aes_key}=")


def _deciphered(ciphertext: bytes, key: bytes) -> bytes:
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes  # noqa: PLC0415

    if not ciphertext or len(ciphertext) % (algorithms.AES.block_size // 8):
        raise MalformedBodyError("not whole blocks", "Encrypt")
    decryptor = Cipher(algorithms.AES(key), modes.CBC(key[:16])).decryptor()
    return decryptor.update(ciphertext) + decryptor.finalize()


def _unpadded(padded: bytes) -> bytes:
    """Take off 1 to 32 bytes that each say how many they are; the signature was checked before."""
    count = padded[-1]
    if not 1 <= count <= _LARGEST_PADDING or padded[-count:] != bytes([count]) * count:
        raise MalformedBodyError("not padded", "Encrypt")
    return padded[:-count]


def _from_base64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        raise MalformedBodyError("not base64", "Encrypt") from None


def _parse_xml(raw: bytes) -> Node:
    """Read XML as JSON would have it: an element is an object, or its text; entities are refused."""
    if b"<!DOCTYPE" in raw or b"<!ENTITY" in raw:
        raise MalformedBodyError("XML with a document type")
    try:
        root = ET.fromstring(raw.decode())  # noqa: S314 - without a document type there is nothing to expand
        value = _value(list(root))
    except (ET.ParseError, ValueError, RecursionError):
        raise MalformedBodyError("not XML text in UTF-8") from None
    return Node(value)


def _value(children: Sequence[ET.Element]) -> dict[str, object]:
    return {child.tag: _value(inner) if (inner := list(child)) else (child.text or "") for child in children}
