"""A MongoDB-wire server as a process of its own: prints its address, ends with its standard input."""

import sys

from secantus import SecantusDBServer

from tests.secantus_shim import mend

if __name__ == "__main__":
    mend()
    server = SecantusDBServer(storage_path=":memory:")
    server.start()
    print(str(server.uri).rstrip("/"), flush=True)
    sys.stdin.read()
    server.stop()
