"""A file system in memory that tells what programs did to it: FUSE, as the kernel speaks it through ``/dev/fuse``.

Only what a database needs is spoken: files, folders, renames and syncs, of the protocol's version 7.31 (the kernel's
``include/uapi/linux/fuse.h``). Reads come from the kernel's own cache; each write and each sync comes here. A mount
asks for root, or its right to mount, and for the device.
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from stat import S_IFDIR, S_ISDIR
from threading import Thread
from typing import Any

from tests.soak.nodes import Node, Tree

_DEVICE = "/dev/fuse"
_HEAD = struct.Struct("<IIQQIIIHH")  # length, what, number of the request, node, user, group, process
_ANSWER = struct.Struct("<IiQ")
_ATTRIBUTES = struct.Struct("<QQQQQQIIIIIIIIII")
_OPEN = struct.pack("<QII", 0, 2, 0)  # FOPEN_KEEP_CACHE: nobody writes but through this mount
_ROOM = struct.pack("<QQQQQIIII6I", 1 << 24, 1 << 23, 1 << 23, 1 << 20, 1 << 19, 4096, 255, 4096, *[0] * 7)
_FOR_EVER = 1 << 30  # seconds that the kernel may rely on what it was told
_WRITE_AT_ONCE = 1 << 17
_BUFFER = _WRITE_AT_ONCE + 4096
_BIG_WRITES = 1 << 5
_MODE, _USER, _GROUP, _SIZE = 1, 2, 4, 8
_NO_SUID_NO_DEVICES, _DETACH = 2 | 4, 2
_LIBC = ctypes.CDLL(None, use_errno=True)


class CannotMount(Exception):  # noqa: N818 - reads as what it says
    """This machine lets nobody mount a file system of his own; the sentence says why."""


@contextmanager
def mounted(folder: Path, tree: Tree) -> Iterator[None]:
    """Show a tree at a folder. Raise `CannotMount`."""
    try:
        device = os.open(_DEVICE, os.O_RDWR | os.O_CLOEXEC)
    except OSError as error:
        why = f"{_DEVICE} cannot be opened here ({error.strerror}): that takes root and the fuse module"
        raise CannotMount(why) from None
    options = f"fd={device},rootmode={tree.nodes[1].mode:o},user_id={tree.owner},group_id={tree.owner}"
    told = f"{options},allow_other,default_permissions,max_read={_WRITE_AT_ONCE}".encode()
    if _LIBC.mount(b"pages", os.fsencode(folder), b"fuse", _NO_SUID_NO_DEVICES, told):
        os.close(device)
        raise CannotMount(f"nothing can be mounted here ({os.strerror(ctypes.get_errno())}): that takes root")
    server = Thread(target=_serve, args=(device, _Kernel(tree)), daemon=True)
    server.start()
    try:
        yield
    finally:
        _LIBC.umount2(os.fsencode(folder), _DETACH)
        server.join(10)
        os.close(device)


def _serve(device: int, kernel: _Kernel) -> None:
    while True:
        try:
            request = os.read(device, _BUFFER)
        except InterruptedError:
            continue
        except OSError:  # ENODEV: it is mounted no more
            return
        number, answer = kernel.answer(request)
        if answer is not None:
            os.writev(device, [_ANSWER.pack(_ANSWER.size + len(answer[1]), -answer[0], number), answer[1]])


class _Kernel:
    """What the kernel asks, and what a tree answers."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.asked: dict[int, Callable[[int, bytes, tuple[int, int]], bytes]] = {
            1: lambda node, rest, _: self._entry(tree.named(node, _name(rest))),
            3: lambda node, _, __: self._attributes(tree.nodes[node]),
            4: lambda node, rest, _: self._set(tree.nodes[node], rest),
            9: lambda node, rest, who: self._entry(tree.make(node, _name(rest[8:]), S_IFDIR | _int(rest), who)),
            10: lambda node, rest, _: tree.remove(node, _name(rest)),
            11: lambda node, rest, _: tree.remove(node, _name(rest)),
            12: lambda node, rest, _: tree.move(node, _int(rest, "<Q"), *_names(rest[8:])),
            14: lambda *_: _OPEN,
            15: lambda node, rest, _: self._read(node, rest),
            16: lambda node, rest, _: self._write(node, rest),
            17: lambda *_: _ROOM,
            18: lambda *_: b"",
            20: lambda node, _, __: tree.sync(node),
            25: lambda *_: b"",
            26: lambda *_: self._hello(),
            27: lambda *_: _OPEN,
            28: lambda node, rest, _: self._listed(node, rest),
            29: lambda *_: b"",
            30: lambda node, _, __: tree.sync(node),
            35: lambda node, rest, who: self._entry(tree.make(node, _name(rest[16:]), _int(rest[4:]), who)) + _OPEN,
            45: lambda node, rest, _: tree.move(node, _int(rest, "<Q"), *_names(rest[16:])),
        }
        self.silent = {2, 36, 38, 42}  # to be forgotten, interrupted, ended: nobody waits for an answer

    def answer(self, request: bytes) -> tuple[int, tuple[int, bytes] | None]:
        """Return the number of a request, and an error with the answer; nothing where none is awaited."""
        _, what, number, node, *who = _HEAD.unpack_from(request)
        if what in self.silent:
            return number, None
        ask = self.asked.get(what)
        if ask is None:
            return number, (errno.ENOSYS, b"")
        try:
            return number, (0, ask(node, request[_HEAD.size :], (who[0], who[1])))
        except OSError as error:
            return number, (error.errno or errno.EIO, b"")

    def _hello(self) -> bytes:
        most = _WRITE_AT_ONCE
        return struct.pack("<IIIIHHIIHHI7I", 7, 31, most, _BIG_WRITES, 16, 12, most, 1, 0, 0, *[0] * 8)

    def _attributes(self, node: Node) -> bytes:
        return struct.pack("<QII", _FOR_EVER, 0, 0) + _packed(node)

    def _entry(self, node: Node) -> bytes:
        return struct.pack("<QQQQII", node.number, 0, _FOR_EVER, _FOR_EVER, 0, 0) + _packed(node)

    def _set(self, node: Node, rest: bytes) -> bytes:
        valid, _, _, size = struct.unpack_from("<IIQQ", rest)
        mode, _, user, group = struct.unpack_from("<IIII", rest, 68)
        if valid & _MODE:
            node.mode = mode
        node.user, node.group = user if valid & _USER else node.user, group if valid & _GROUP else node.group
        if valid & _SIZE:
            self.tree.resize(node.number, size)
        return self._attributes(node)

    def _read(self, node: int, rest: bytes) -> bytes:
        _, offset, size = struct.unpack_from("<QQI", rest)
        return bytes(self.tree.nodes[node].content[offset : offset + size])

    def _write(self, node: int, rest: bytes) -> bytes:
        _, offset, size = struct.unpack_from("<QQI", rest)
        self.tree.write(node, offset, rest[40 : 40 + size])
        return struct.pack("<II", size, 0)

    def _listed(self, node: int, rest: bytes) -> bytes:
        _, start, most = struct.unpack_from("<QQI", rest)
        listed = b""
        for at, (name, each) in enumerate(self.tree.listed(node)[start:], start + 1):
            row = struct.pack("<QQII", each.number, at, len(name), each.mode >> 12) + name
            row += bytes(-len(row) % 8)
            if len(listed) + len(row) > most:
                break
            listed += row
        return listed


def _packed(node: Node) -> bytes:
    size, then = len(node.content), node.changed
    times = (then, then, then, 0, 0, 0)
    links = 2 if S_ISDIR(node.mode) else 1
    return _ATTRIBUTES.pack(
        node.number, size, -(-size // 512), *times, node.mode, links, node.user, node.group, 0, 4096, 0
    )


def _name(rest: bytes) -> str:
    return os.fsdecode(rest.split(b"\0", 1)[0])


def _names(rest: bytes) -> tuple[str, str]:
    before, after, *_ = rest.split(b"\0")
    return os.fsdecode(before), os.fsdecode(after)


def _int(rest: bytes, how: str = "<I") -> Any:  # noqa: ANN401 - struct's own
    return struct.unpack_from(how, rest)[0]
