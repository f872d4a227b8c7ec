"""The tables of the seals, append-only like the lines they are about. They stand beside the ledger's and never migrate.

``leaf``        the log's leaves in their order: which line is which, and its hash
``node``        hashes over complete subtrees of 256 leaves (tier 1), of 256 of those (tier 2), and so on
``checkpoint``  what was signed: the note that says how many leaves there were, and their root
``witnessed``   what witnesses answered, or why they did not

The triggers let a leaf be only what stands in the ledger already, behind the last leaf, each book in the order of its
pages. So if the newest page of a book is a leaf, all its pages are, and what is not sealed yet is found without
looking at what is.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Identity,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    event,
)


seals = MetaData()
_Number = BigInteger().with_variant(Integer, "sqlite")

leaf = Table(
    "leaf",
    seals,
    Column("position", _Number, primary_key=True, autoincrement=False),
    Column("book", Text, nullable=False),
    Column("page", Integer, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    UniqueConstraint("book", "page", name="leaf_of"),
)

node = Table(
    "node",
    seals,
    Column("tier", Integer, primary_key=True, autoincrement=False),
    Column("position", _Number, primary_key=True, autoincrement=False),
    Column("hash", LargeBinary, nullable=False),
)

checkpoint = Table(
    "checkpoint",
    seals,
    Column("size", _Number, primary_key=True, autoincrement=False),
    Column("root", LargeBinary, nullable=False),
    Column("note", Text, nullable=False),
    Column("at", Text, nullable=False),
)

witnessed = Table(
    "witnessed",
    seals,
    Column("number", _Number, Identity(always=True), primary_key=True),
    Column("witness", Text, nullable=False),
    Column("size", _Number, nullable=False),
    Column("at", Text, nullable=False),
    Column("answer", Text, nullable=False),
    Column("problem", Text, nullable=False),
)

APPEND_ONLY = tuple(seals.tables)

_LEAF = "this leaf does not continue the log"
_CHECKPOINT = "this checkpoint is not of the log as it stands"

_SQLITE = (
    *(
        f"CREATE TRIGGER {table}_no_{operation.lower()} BEFORE {operation} ON {table} "
        f"BEGIN SELECT RAISE(ABORT, '{table} is append-only: {operation} refused'); END"
        for table in APPEND_ONLY
        for operation in ("UPDATE", "DELETE")
    ),
    # A connection without recursive triggers would replace a row without a DELETE that the triggers see.
    *(
        f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} "  # noqa: S608 - names of ours
        f"WHEN EXISTS (SELECT 1 FROM {table} WHERE {same}) "
        f"BEGIN SELECT RAISE(ABORT, '{table} is append-only: REPLACE refused'); END"
        for table, same in (
            ("leaf", "position = NEW.position OR (book = NEW.book AND page = NEW.page)"),
            ("node", "tier = NEW.tier AND position = NEW.position"),
            ("checkpoint", "size = NEW.size"),
            ("witnessed", "number = NEW.number"),
        )
    ),
    f"""CREATE TRIGGER leaf_follows BEFORE INSERT ON leaf
       WHEN NEW.position <> (SELECT coalesce(max(position) + 1, 0) FROM leaf)
         OR NOT EXISTS (SELECT 1 FROM line WHERE book = NEW.book AND page = NEW.page AND hash = NEW.hash)
         OR (NEW.page > 1 AND NOT EXISTS (SELECT 1 FROM leaf WHERE book = NEW.book AND page = NEW.page - 1))
       BEGIN SELECT RAISE(ABORT, '{_LEAF}'); END""",
    f"""CREATE TRIGGER checkpoint_follows BEFORE INSERT ON checkpoint
       WHEN NEW.size <= (SELECT coalesce(max(size), 0) FROM checkpoint)
         OR NEW.size <> (SELECT coalesce(max(position) + 1, 0) FROM leaf)
       BEGIN SELECT RAISE(ABORT, '{_CHECKPOINT}'); END""",
)

_POSTGRESQL = (
    *(
        f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION refuse()"
        for table in APPEND_ONLY
    ),
    *(
        f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION refuse()"
        for table in APPEND_ONLY
    ),
    f"""CREATE FUNCTION leaf_follows() RETURNS trigger LANGUAGE plpgsql AS $$
       BEGIN
         IF NEW.position <> (SELECT coalesce(max(position) + 1, 0) FROM leaf)
            OR NOT EXISTS (SELECT 1 FROM line WHERE book = NEW.book AND page = NEW.page AND hash = NEW.hash)
            OR (NEW.page > 1 AND NOT EXISTS (SELECT 1 FROM leaf WHERE book = NEW.book AND page = NEW.page - 1)) THEN
           RAISE EXCEPTION '{_LEAF}' USING ERRCODE = 'restrict_violation';
         END IF;
         RETURN NEW;
       END $$""",
    f"""CREATE FUNCTION checkpoint_follows() RETURNS trigger LANGUAGE plpgsql AS $$
       BEGIN
         IF NEW.size <= (SELECT coalesce(max(size), 0) FROM checkpoint)
            OR NEW.size <> (SELECT coalesce(max(position) + 1, 0) FROM leaf) THEN
           RAISE EXCEPTION '{_CHECKPOINT}' USING ERRCODE = 'restrict_violation';
         END IF;
         RETURN NEW;
       END $$""",
    *(
        f"CREATE TRIGGER {table}_follows BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION {table}_follows()"
        for table in ("leaf", "checkpoint")
    ),
    # ALWAYS: they hold for a session that calls itself a replica too.
    *(
        f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_{what}"
        for table in APPEND_ONLY
        for what in ("no_change", "no_truncate")
    ),
    *(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_follows" for table in ("leaf", "checkpoint")),
)


@event.listens_for(seals, "after_create")
def _create_triggers(_: MetaData, connection: Connection, **__: object) -> None:
    for statement in _SQLITE if connection.dialect.name == "sqlite" else _POSTGRESQL:
        connection.exec_driver_sql(statement)
