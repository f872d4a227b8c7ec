"""Every environment variable that the product reads, with its meaning and what holds where it is not set.

The configuration specification says the same, and a test compares both with the code.
"""

from __future__ import annotations

VARIABLES = {
    "MES_FOLDER": ("where records, printed records and secrets are; `--folder` says the same", ".lab/laboratory"),
    "MES_DATABASE_URL": ("the database, as an SQLAlchemy address", "SQLite in the folder"),
    "MES_ZONE": ("the site's time zone, in which times are shown; they are stored in UTC", "UTC"),
    "MES_LABORATORY": ("how the site calls itself on every page and record", "Cell laboratory"),
    "MES_ROOM": ("the room, beside the laboratory's name", "nothing"),
    "MES_FACILITY": ("the site's facility identification number of ISBT 128, to issue codes by", "codes are typed"),
    "MES_IDLE_MINUTES": ("after how many minutes without a touch a screen locks", "15"),
    "MES_SESSION_HOURS": ("after how many hours a session is over, however busy its holder", "12"),
    "MES_SECOND_FACTOR": ("who is asked for a second factor: `optional`, `outside` or `always`", "optional"),
    "MES_INSIDE": ("the site's own networks, as `10.20.0.0/16 192.0.2.0/24`", "none"),
    "MES_SYSLOG": ("`host:port` of a log on another machine, for what was refused and what failed", "not set"),
    "MES_INSECURE_COOKIES": ("lets the cookie go over plain HTTP; a demonstration's, on loopback", "not set"),
    "MES_PROCESS_CLOCK": ("the file of a demonstration's clock; a laboratory's database refuses it", "not set"),
    "MES_SSO_ISSUER": ("the address of the site's issuer of identities (OpenID Connect)", "no single sign-on"),
    "MES_SSO_CLIENT_ID": ("who this laboratory is to the issuer", "needed beside the issuer"),
    "MES_SSO_SECRET_FILE": (
        "the file with the client's secret, readable by its owner alone",
        "needed beside the issuer",
    ),
    "MES_SSO_NAME": ("what the button on the sign-in page calls the issuer", "single sign-on"),
    "MES_NO_APT": ("`./lab` never calls apt, and says what to install", "not set"),
    "MES_CHROMIUM": ("the browser that the tests drive", "the machine's"),
    "MES_PG_BIN": ("the folder with PostgreSQL's programs, for the tests", "the newest installed"),
    "MES_CACHE": ("where Node and its packages are kept, for instruments of others", "in .lab"),
    "MES_CAPTURES": ("exports of real instruments, for the tests that read them", "those tests are left out"),
}
