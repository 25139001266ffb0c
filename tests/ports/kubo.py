"""A server that answers as Kubo's RPC API does, by its documentation (https://docs.ipfs.tech/reference/kubo/rpc/), for the commands
that nodes use. There is no Kubo to be had from the registries that these tests install from."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from scatter.content.unixfs import cid_of

MOST = 1 << 30
ASKED_FOR = {
    "cid-version": "1", "raw-leaves": "true", "chunker": "size-262144", "max-file-links": "174", "pin": "false",
    "quieter": "true", "cid-base": "base32",
}  # fmt: skip


class FakeKubo:
    """What it has: content by CID, also of its owner, and its mutable file system, by path."""

    def __init__(self) -> None:
        self.url = ""
        self.blocks: dict[str, bytes] = {}
        self.files: dict[str, str] = {}
        self.refuses: set[str] = set()

    @asynccontextmanager
    async def running(self) -> AsyncIterator["FakeKubo"]:
        """It answers on loopback until the block ends."""
        app = web.Application(client_max_size=MOST)
        app.router.add_post("/api/v0/{command:.*}", self._answer)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        try:
            yield self
        finally:
            await runner.cleanup()

    async def _answer(self, request: web.Request) -> web.Response:
        command, arguments = request.match_info["command"], request.query.getall("arg", [])
        if command in self.refuses:
            return _error(f"{command} failed")
        if command == "add":
            return await self._add(request)
        known = {
            "version": lambda: web.json_response({"Version": "0.39.0"}),
            "cat": lambda: self._cat(arguments[0], request),
            "files/cp": lambda: self._copy(*arguments),
            "files/ls": lambda: self._list(arguments[0]),
            "files/rm": lambda: self._remove(arguments[0]),
        }
        return known[command]() if command in known else web.Response(status=404, text="404 page not found")

    async def _add(self, request: web.Request) -> web.Response:
        if dict(request.query) != ASKED_FOR:
            return _error(f"other options than those that make these CIDs: {dict(request.query)}")
        part = await (await request.multipart()).next()
        assert part is not None
        content = bytes(await part.read())  # type: ignore[call-arg, union-attr]
        cid = str(cid_of(content))
        self.blocks[cid] = content
        return web.json_response({"Name": cid, "Hash": cid, "Size": str(len(content))})

    def _cat(self, cid: str, request: web.Request) -> web.Response:
        assert request.query["offline"] == "true", "it would look for it in its network"
        if cid not in self.blocks:
            return _error(f"block was not found locally (offline): ipld: could not find {cid}")
        offset = int(request.query["offset"])
        return web.Response(body=self.blocks[cid][offset : offset + int(request.query["length"])])

    def _copy(self, source: str, target: str) -> web.Response:
        if target in self.files:
            return _error("cp: cannot put node in path: directory already has entry by that name")
        self.files[target] = source.removeprefix("/ipfs/")
        return web.Response()

    def _list(self, folder: str) -> web.Response:
        names = {path.removeprefix(f"{folder}/").split("/")[0] for path in self.files if path.startswith(f"{folder}/")}
        if not names:
            return _error("file does not exist")
        entries = [self._entry(f"{folder}/{name}", name) for name in sorted(names)]
        return web.json_response({"Entries": entries})

    def _entry(self, path: str, name: str) -> dict[str, object]:
        cid = self.files.get(path)
        if cid is None:
            return {
                "Name": name,
                "Type": 1,
                "Size": 0,
                "Hash": "bafybeiczsscdsbs7ffqz55asqdf3smv6klcw3gofszvwlyarci47bgf354",
            }
        return {"Name": name, "Type": 0, "Size": len(self.blocks.get(cid, b"")), "Hash": cid}

    def _remove(self, path: str) -> web.Response:
        kept = {name: cid for name, cid in self.files.items() if name != path and not name.startswith(f"{path}/")}
        self.files = kept
        return web.Response()


def _error(message: str) -> web.Response:
    return web.json_response({"Message": message, "Code": 0, "Type": "error"}, status=500)
