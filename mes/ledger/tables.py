"""The ledger's tables and their triggers, on SQLite and on PostgreSQL. They never migrate.

``book``  one row for each book: how many pages it has, and the hash of the last. Locking it orders the writers.
``line``  the lines. ``text`` is the canonical text that was hashed; kind, author and time stand beside it to be found.
``tap``   what each tap of a person led to, so that a double tap or a retry counts once. ``command`` is what was sent:
          its name, and a digest of its content.
``reading``  what instruments said, append-only like the lines; ranges of it are sealed into lines by digest.

The triggers are the last line of defence, not the first: they refuse every change of what is written, and every line
that does not continue its book, whoever sends the statement. There is no switch.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from sqlalchemy import BigInteger, Column, Connection, Index, Integer, LargeBinary, MetaData, Table, Text, event

ledger = MetaData()

book = Table(
    "book",
    ledger,
    Column("name", Text, primary_key=True),
    Column("pages", Integer, nullable=False),
    Column("head", LargeBinary, nullable=False),
)

line = Table(
    "line",
    ledger,
    Column("book", Text, primary_key=True),
    Column("page", Integer, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("at", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("previous", LargeBinary, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Index("line_at", "at"),
    Index("line_author_at", "author", "at"),
    Index("line_kind_at", "kind", "at"),
)

tap = Table(
    "tap",
    ledger,
    Column("tap", Text, primary_key=True),
    Column("author", Text, nullable=False),
    Column("command", Text, nullable=False),
    Column("at", Text, nullable=False),
    Column("outcome", Text, nullable=False),
)

reading = Table(
    "reading",
    ledger,
    Column("instrument", Text, primary_key=True),
    Column("sequence", BigInteger, primary_key=True),
    Column("channel", Text, nullable=False),
    Column("value", Text, nullable=False),
    Column("unit", Text, nullable=False),
    Column("quality", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("sample", Text),
    Column("source_time", Text),
    Column("received_time", Text, nullable=False),
    Column("stored_time", Text, nullable=False),
    Column("raw", LargeBinary, nullable=False),
    Index("reading_channel", "instrument", "channel", "received_time"),
    Index("reading_sample", "sample"),
)

APPEND_ONLY = ("line", "tap", "reading")


def kept_on_sqlite(tables: Iterable[str], same: Mapping[str, str]) -> Iterator[str]:
    """Give the triggers by which what is in tables stays there. ``same`` says when a row is one that is there already.

    A connection without recursive triggers would replace such a row without a DELETE that the others see.
    """
    for table in tables:
        for operation in ("UPDATE", "DELETE"):
            yield (
                f"CREATE TRIGGER {table}_no_{operation.lower()} BEFORE {operation} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only: {operation} refused'); END"
            )
    for table, is_there in same.items():
        yield (
            f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} "  # noqa: S608 - names of ours
            f"WHEN EXISTS (SELECT 1 FROM {table} WHERE {is_there}) "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only: REPLACE refused'); END"
        )


def kept_on_postgresql(tables: Iterable[str]) -> Iterator[str]:
    """Give the triggers by which what is in tables stays there, for a session that calls itself a replica too."""
    for table in tables:
        for name, when, each in (
            ("no_change", "UPDATE OR DELETE", "ROW"),
            ("no_truncate", "TRUNCATE", "STATEMENT"),
        ):
            yield f"CREATE TRIGGER {table}_{name} BEFORE {when} ON {table} FOR EACH {each} EXECUTE FUNCTION refuse()"
            yield f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_{name}"


_SAME = {"tap": "tap = NEW.tap", "reading": "instrument = NEW.instrument AND sequence = NEW.sequence"}
_SQLITE = (
    *kept_on_sqlite(APPEND_ONLY, _SAME),
    """CREATE TRIGGER line_follows BEFORE INSERT ON line
       WHEN NOT EXISTS (SELECT 1 FROM book WHERE name = NEW.book AND pages + 1 = NEW.page AND head = NEW.previous)
       BEGIN SELECT RAISE(ABORT, 'this line does not continue its book'); END""",
    """CREATE TRIGGER line_moves_head AFTER INSERT ON line
       BEGIN UPDATE book SET pages = NEW.page, head = NEW.hash WHERE name = NEW.book; END""",
    """CREATE TRIGGER book_opens_empty BEFORE INSERT ON book WHEN NEW.pages <> 0 OR NEW.head <> zeroblob(32)
       BEGIN SELECT RAISE(ABORT, 'a book opens empty'); END""",
    """CREATE TRIGGER book_follows_lines BEFORE UPDATE ON book
       WHEN NEW.name <> OLD.name OR NEW.pages <> OLD.pages + 1 OR NOT EXISTS (
         SELECT 1 FROM line WHERE book = NEW.name AND page = NEW.pages AND hash = NEW.head AND previous = OLD.head)
       BEGIN SELECT RAISE(ABORT, 'the head of a book moves only to its next line'); END""",
    "CREATE TRIGGER book_no_delete BEFORE DELETE ON book BEGIN SELECT RAISE(ABORT, 'a book is never closed'); END",
)

_POSTGRESQL = (
    """CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
       BEGIN RAISE EXCEPTION '%% is append-only: %% refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'restrict_violation';
       END $$""",
    *kept_on_postgresql(APPEND_ONLY),
    "CREATE TRIGGER book_no_truncate BEFORE TRUNCATE ON book FOR EACH STATEMENT EXECUTE FUNCTION refuse()",
    "CREATE TRIGGER book_no_delete BEFORE DELETE ON book FOR EACH ROW EXECUTE FUNCTION refuse()",
    """CREATE FUNCTION line_follows() RETURNS trigger LANGUAGE plpgsql AS $$
       BEGIN
         UPDATE book SET pages = NEW.page, head = NEW.hash
          WHERE name = NEW.book AND pages + 1 = NEW.page AND head = NEW.previous;
         IF NOT FOUND OR NEW.hash <> sha256(NEW.previous || convert_to(NEW.text, 'UTF8')) THEN
           RAISE EXCEPTION 'this line does not continue its book' USING ERRCODE = 'restrict_violation';
         END IF;
         RETURN NEW;
       END $$""",
    "CREATE TRIGGER line_follows BEFORE INSERT ON line FOR EACH ROW EXECUTE FUNCTION line_follows()",
    """CREATE FUNCTION book_follows_lines() RETURNS trigger LANGUAGE plpgsql AS $$
       BEGIN
         IF TG_OP = 'INSERT' AND (NEW.pages <> 0 OR NEW.head <> decode(repeat('00', 32), 'hex')) THEN
           RAISE EXCEPTION 'a book opens empty' USING ERRCODE = 'restrict_violation';
         ELSIF TG_OP = 'UPDATE' AND (pg_trigger_depth() < 2 OR NEW.name <> OLD.name OR NEW.pages <> OLD.pages + 1) THEN
           RAISE EXCEPTION 'the head of a book moves only to its next line' USING ERRCODE = 'restrict_violation';
         END IF;
         RETURN NEW;
       END $$""",
    """CREATE TRIGGER book_follows_lines BEFORE INSERT OR UPDATE ON book
       FOR EACH ROW EXECUTE FUNCTION book_follows_lines()""",
    # ALWAYS: they hold for a session that calls itself a replica too.
    "ALTER TABLE book ENABLE ALWAYS TRIGGER book_no_truncate",
    "ALTER TABLE line ENABLE ALWAYS TRIGGER line_follows",
    "ALTER TABLE book ENABLE ALWAYS TRIGGER book_follows_lines",
    "ALTER TABLE book ENABLE ALWAYS TRIGGER book_no_delete",
)


@event.listens_for(ledger, "after_create")
def _create_triggers(_: MetaData, connection: Connection, **__: object) -> None:
    for statement in _SQLITE if connection.dialect.name == "sqlite" else _POSTGRESQL:
        connection.exec_driver_sql(statement)
