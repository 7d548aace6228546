"""Stands where Rasa's Python would: listens as `rasa run` does, writes down which models it is given, and understands
nothing; `rasa train` makes a model at once."""

from __future__ import annotations

import json
import os
import stat
import sys
from pathlib import Path

_PROGRAM = """#!{python}
import http.server, json, pathlib, sys
token, arguments = sys.stdin.readline().strip(), sys.argv
if "train" in arguments:
    out = pathlib.Path(arguments[arguments.index("--out") + 1])
    out.mkdir()
    (out / (arguments[arguments.index("--fixed-model-name") + 1] + ".tar.gz")).write_bytes(b"model")
    sys.exit()
port = int(arguments[arguments.index("--port") + 1])
given = pathlib.Path({given!r})
if "--model" in arguments:
    given.open("a").write("start " + arguments[arguments.index("--model") + 1] + chr(10))

class Rasa(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.answer(200, {{"version": "3.6.21", "model_id": "stand-in"}})

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        nothing = {{"name": None, "confidence": 0.0}}
        self.answer(200, {{"text": body["text"], "intent": nothing, "entities": []}})

    def do_PUT(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        if self.path != "/model?token=" + token:
            self.answer(401, {{}})
        elif not pathlib.Path(body["model_file"]).read_bytes().startswith(b"model"):
            self.answer(400, {{}})
        else:
            given.open("a").write("load " + body["model_file"] + chr(10))
            self.answer(204, None)

    def answer(self, status, content):
        body = b"" if content is None else json.dumps(content).encode()
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass

http.server.ThreadingHTTPServer(("127.0.0.1", port), Rasa).serve_forever()
"""


def write_stand_in(folder: Path) -> Path:
    """An executable; what it is given is written to `folder`/given."""
    file = folder / "rasa-python"
    file.write_text(_PROGRAM.format(python=sys.executable, given=str(folder / "given")))
    file.chmod(file.stat().st_mode | stat.S_IXUSR)
    return file


def write_pointer(data_dir: Path, version: str, content: bytes, sha256: str) -> Path:
    """A trained version of the shared project, serving; returns its Rasa model."""
    models = data_dir / "nlu" / "customer_service"
    (models / version).mkdir(parents=True, exist_ok=True)
    (models / version / "rasa.tar.gz").write_bytes(content)
    serving = {
        "version": version,
        "leader": "rasa",
        "thresholds": {"rasa": 0.5, "local": 0.4},
        "files": {"rasa.tar.gz": sha256},
        "macro_f1": {"rasa": 0.91, "local": 0.88},
    }
    new = models / "serving.new"
    new.write_text(json.dumps(serving))
    os.replace(new, models / "serving.json")
    return models / version / "rasa.tar.gz"
