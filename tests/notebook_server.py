"""A running Jupyter server, driven as a browser drives it: its REST interface and a kernel's
websocket."""

import json
import os
import re
import signal
import time
import uuid
from contextlib import closing, contextmanager, suppress
from subprocess import TimeoutExpired
from threading import Timer
from urllib.request import Request, urlopen

import websocket

ADDRESS = re.compile(r"(http://127\.0\.0\.1:\d+)/\S*token=(\w+)")
PORT = "0"  # one that the server finds free itself, and says
LISTENING = ["--ip=127.0.0.1", f"--port={PORT}", "--log-level=ERROR"]  # little, for a pipe


@contextmanager
def serving(process, seconds=300):
    """The server that ``process`` starts, once it answers; with the block, all of it ends.

    The process leads a session of its own, and its output is a pipe.
    """
    late = Timer(seconds, end, [process, signal.SIGKILL])
    late.start()
    try:
        server = announced(process)
        server.wait(seconds)
        late.cancel()
        yield server
    finally:
        late.cancel()
        for number in (signal.SIGTERM, signal.SIGKILL):
            end(process, number)
            with suppress(TimeoutExpired):
                process.communicate(timeout=30)


def announced(process):
    """The server at the address that a process prints, before anybody can get in."""
    lines = []
    for line in process.stdout:
        lines.append(line)
        if found := ADDRESS.search(line):
            return Server(*found.groups())
    raise AssertionError("no server was started:\n" + "".join(lines))


def end(process, number):
    """Signal a process and its children, unless it has ended."""
    if process.poll() is None:
        os.killpg(process.pid, number)


class Server:
    """The server at ``url``, with the token ``token``."""

    def __init__(self, url, token):
        self.url, self.token = url, token

    def ask(self, method, path, content=None):
        """What a request answers, decoded."""
        data = None if content is None else json.dumps(content).encode()
        headers = {"Authorization": f"token {self.token}", "Content-Type": "application/json"}
        request = Request(f"{self.url}/api/{path}", data, headers, method=method)
        with urlopen(request, timeout=60) as response:
            text = response.read()
        return json.loads(text) if text else None

    def wait(self, seconds=60):
        """Until it answers."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                return self.ask("GET", "status")
            except OSError:  # refused, reset, or too slow
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)

    def only_notebook(self, ending):
        """The path of the one notebook whose name ends in ``ending``."""
        names = [file["path"] for file in self.ask("GET", "contents")["content"]]
        (path,) = [name for name in names if name.endswith(ending)]
        return path

    def read(self, path):
        return self.ask("GET", f"contents/{path}")["content"]

    def save(self, path, notebook):
        content = {"type": "notebook", "format": "json", "content": notebook}
        self.ask("PUT", f"contents/{path}", content)

    def run_all(self, path, notebook):
        """Run every code cell in a kernel of the server's; outputs go into ``notebook``."""
        session = {"path": path, "name": path, "type": "notebook", "kernel": {"name": "python3"}}
        kernel = self.ask("POST", "sessions", session)["kernel"]["id"]
        address = f"{self.url}/api/kernels/{kernel}/channels?token={self.token}"
        channels = websocket.create_connection(address.replace("http", "ws", 1), timeout=120)
        with closing(channels):
            for cell in notebook["cells"]:
                if cell["cell_type"] == "code":
                    cell["outputs"] = run_cell(channels, "".join(cell["source"]))
                    cell["execution_count"] = 1

    def shut_down(self):
        """As its menu's *Shut Down* does."""
        self.ask("POST", "shutdown")


def run_cell(channels, source):
    """Run ``source``; what it printed, as a notebook's outputs. A cell that fails is an error."""
    header = {"msg_id": uuid.uuid4().hex, "msg_type": "execute_request", "username": "",
              "session": "test", "version": "5.3"}  # fmt: skip
    content = {"code": source, "silent": False, "store_history": True, "allow_stdin": False}
    message = {"header": header, "parent_header": {}, "metadata": {}, "content": content}
    channels.send(json.dumps(message | {"channel": "shell"}))
    outputs = []
    while True:
        answer = json.loads(channels.recv())
        if answer["parent_header"].get("msg_id") != header["msg_id"]:
            continue
        kind, content = answer["msg_type"], answer["content"]
        assert kind != "error", "\n".join(content["traceback"])
        if kind == "stream":
            outputs.append({"output_type": "stream"} | content)
        if kind == "status" and content["execution_state"] == "idle":
            return outputs
