"""Fetching the weights: once, checked, and said in one line where it cannot be."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import torch

from ferblur.commands.imagenet import fetch
from ferblur.core.errors import UserError
from ferblur.core.params import Params
from ferblur.model import imagenet, network


class Server(ThreadingHTTPServer):
    """Serves one file's bytes under any path, promising `promised` of them."""

    content = b""
    promised = 0
    asked = 0


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.asked += 1
        if not self.server.content:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(self.server.promised))
        self.end_headers()
        self.wfile.write(self.server.content)

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def server(checkpoint: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Server]:
    """A file server on loopback that has the checkpoint, and nothing downloaded before."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    with Server(("127.0.0.1", 0), Handler) as started:
        started.content = checkpoint.read_bytes()
        started.promised = len(started.content)
        thread = threading.Thread(target=started.serve_forever)
        thread.start()
        yield started
        started.shutdown()
        thread.join()


def address(server: Server, name: str) -> str:
    return f"http://127.0.0.1:{server.server_port}/models/{name}"


def test_fetches_once_and_checks(server: Server, checkpoint: Path, tmp_path: Path) -> None:
    path = tmp_path / "weights" / checkpoint.name
    url = address(server, path.name)
    assert fetch(url, path) == url
    assert path.read_bytes() == server.content
    assert fetch(url, path) == str(path)
    assert server.asked == 1
    assert set(imagenet.load(path)) == set(torch.load(checkpoint, weights_only=True))


def test_takes_what_torchvision_downloaded(
    server: Server, checkpoint: Path, tmp_path: Path
) -> None:
    kept = tmp_path / "torch/hub/checkpoints" / checkpoint.name
    kept.parent.mkdir(parents=True)
    kept.write_bytes(server.content)
    path = tmp_path / "weights" / checkpoint.name
    assert fetch(address(server, path.name), path) == str(kept)
    assert (server.asked, path.read_bytes()) == (0, server.content)


def refused(server: Server, path: Path) -> str:
    with pytest.raises(UserError) as caught:
        fetch(address(server, path.name), path)
    message = str(caught.value)
    assert "\n" not in message
    assert f"bring {path}, whose SHA-256 starts with {imagenet.expected(path)}" in message
    assert list(path.parent.iterdir()) == []
    return message


def test_a_wrong_hash_is_refused(server: Server, tmp_path: Path) -> None:
    path = tmp_path / "weights/googlenet-00000000.pth"
    assert 'invalid hash value (expected "00000000"' in refused(server, path)


@pytest.mark.parametrize("promise", ["whole", "part"])
def test_a_file_cut_short_is_refused(
    server: Server, checkpoint: Path, tmp_path: Path, promise: str
) -> None:
    server.content = server.content[:-1000]
    if promise == "part":
        server.promised = len(server.content)
    assert "invalid hash value" in refused(server, tmp_path / "weights" / checkpoint.name)


def test_an_unreachable_server_is_said(server: Server, checkpoint: Path, tmp_path: Path) -> None:
    path = tmp_path / "weights" / checkpoint.name
    server.content = b""
    assert "404" in refused(server, path)
    server.shutdown()
    server.server_close()
    assert "Connection refused" in refused(server, path)


def test_a_model_starts_from_fetched_weights(
    server: Server, checkpoint: Path, tmp_path: Path, smoke: Params, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "weights" / checkpoint.name
    fetch(address(server, path.name), path)
    monkeypatch.setattr(imagenet, "IMAGENET", path)
    model = network.build(smoke.train.model_copy(update={"weights": "imagenet"}), 6)
    stored = torch.load(checkpoint, weights_only=True)["conv1.conv.weight"]
    torch.testing.assert_close(model.googlenet.conv1.conv.weight.detach(), stored)
