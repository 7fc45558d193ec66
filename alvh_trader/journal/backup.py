"""Copy a journal while it is written, and prove that the copy is whole.

A file that is copied by other means may lack what is still in its WAL
(reliability.md F119).
"""

from pathlib import Path

from alvh_trader.errors import JournalError
from alvh_trader.journal.connection import explained
from alvh_trader.journal.files import sync_folder
from alvh_trader.journal.read import Reader

DRAFT = ".unverified"
"""What a copy is called until it has proved to be whole."""


def back_up(source: Path, target: Path, *, keep: int | None = None) -> tuple[Path, int]:
    """Copy the journal at `source`; return where the copy is, and its records.

    Where `target` is a folder the copy is called by the newest record in it; of the
    copies that were made there in this way the newest `keep` stay. Nothing is ever
    overwritten.

    Raises:
        JournalError: The journal is damaged, or the copy could not be made.
    """
    with explained(target), Reader.open(source) as reader:
        is_folder = target.is_dir()
        name = target / _name(reader) if is_folder else target
        if not name.parent.is_dir():
            raise JournalError(f"there is no folder {name.parent}")
        if name.exists():
            raise JournalError(f"{name} is there already")
        draft = name.with_name(name.name + DRAFT)
        draft.unlink(missing_ok=True)
        reader.copy_to(draft)
        with Reader.open(draft) as made:
            count = made.verify()
        draft.rename(name)
        sync_folder(name.parent)
        if is_folder and keep is not None:
            for old in sorted(target.glob(f"{source.stem}-*.db"))[:-keep]:
                old.unlink()
        return name, count


def _name(reader: Reader) -> str:
    newest = reader.last_record()
    if newest is None:
        raise JournalError(f"{reader.path} holds nothing yet")
    seq, at = newest
    return f"{reader.path.stem}-{at:%Y%m%dT%H%M%SZ}-{seq:09d}.db"
