"""Accounts of the embedded chain: derived from a mnemonic that each data folder has for itself."""

from __future__ import annotations

import os
from pathlib import Path

from eth_account import Account
from eth_account.hdaccount import generate_mnemonic
from eth_account.signers.local import LocalAccount
from eth_account.types import Language

from backend.embedded.errors import PartFailed

# BIP-44 as every Ethereum wallet derives it.
_PATH = "m/44'/60'/0'/0/{index}"


def new_mnemonic() -> str:
    """Twelve random English words (128 bits)."""
    return str(generate_mnemonic(num_words=12, lang=Language.ENGLISH))


def mnemonic_in(path: Path) -> str:
    """The mnemonic kept in `path`, made on first use and readable by its owner alone.

    Raises `PartFailed` when the file is there but empty, which a crash in the middle of making it may leave.
    """
    try:
        words = path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        return _create(path)
    if not words:
        raise PartFailed(f"{path} holds no mnemonic; restore it, or delete it together with its chain")
    return words


def derive(mnemonic: str, index: int) -> LocalAccount:
    """The account at `index`: its `address`, and its private `key`, which signs.

    Raises `PartFailed` on words that are no mnemonic.
    """
    Account.enable_unaudited_hdwallet_features()
    try:
        account: LocalAccount = Account.from_mnemonic(mnemonic, account_path=_PATH.format(index=index))
    except Exception as error:  # noqa: BLE001 - eth-account raises its own and bare ones; none may carry the words on
        raise PartFailed(f"the chain's mnemonic cannot be used ({type(error).__name__})") from None
    return account


def _create(path: Path) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    words = new_mnemonic()
    temporary = path.with_suffix(".tmp")
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(words + "\n")
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    return words
