"""A token issuer of the tests' own: keys, tokens that say what a test wants, and its web server."""

from __future__ import annotations

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

SUBJECT = "repo:acme/flights:environment:prod"
REQUEST_TOKEN = "request-token"


class Issuer:
    """An OpenID provider on loopback; what it answers at a path can be replaced in ``answers``."""

    def __init__(self) -> None:
        self.key = RSAKey.generate_key(2048, {"use": "sig"}, auto_kid=True)
        self.other = RSAKey.generate_key(2048, {"use": "sig"}, auto_kid=True)
        self.curve = ECKey.generate_key("P-256", {"use": "sig"}, auto_kid=True)
        self.asked: list[str] = []
        self.offset = 0
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.url = f"http://127.0.0.1:{self._server.server_port}/idp"
        self.answers: dict[str, tuple[int, Any]] = {}
        self.reset()
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def reset(self) -> None:
        """Answer as it should again."""
        self.asked.clear()
        self.answers = {
            "/idp/.well-known/openid-configuration": (
                200,
                {"issuer": self.url, "jwks_uri": f"{self.url}/keys"},
            ),
            "/idp/keys": (200, self.keys()),
        }

    def keys(self, *keys: RSAKey | ECKey) -> dict[str, Any]:
        """Return public keys as a JSON Web Key Set: by default those that it signs with."""
        return {"keys": [key.as_dict(private=False) for key in keys or (self.key, self.curve)]}

    def claims(self, **changes: Any) -> dict[str, Any]:
        """Return what a good token says; a claim that is changed to None is left out."""
        now = int(time.time()) + self.offset
        good = {"iss": self.url, "aud": "acme", "sub": SUBJECT, "iat": now, "exp": now + 300}
        return {name: value for name, value in (good | changes).items() if value is not None}

    def token(self, *, key: RSAKey | ECKey | None = None, alg: str = "", **changes: Any) -> str:
        """Return a signed token."""
        key = key or self.key
        alg = alg or ("ES256" if isinstance(key, ECKey) else "RS256")
        header = {"alg": alg, "kid": str(key.kid)}
        return jwt.encode(header, self.claims(**changes), key, algorithms=[alg])

    def close(self) -> None:
        """Stop answering."""
        self._server.shutdown()
        self._server.server_close()


def _handler(issuer: Issuer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            issuer.asked.append(parts.path)
            status, body = issuer.answers.get(parts.path, (404, {}))
            if parts.path == "/idtoken":  # what clients ask in a GitHub workflow
                given = self.headers["Authorization"] == f"Bearer {REQUEST_TOKEN}"
                (audience,) = parse_qs(parts.query)["audience"]
                status, body = (200 if given else 401), {"value": issuer.token(aud=audience)}
            content = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            if 300 <= status < 400:
                self.send_header("Location", f"{issuer.url}/keys")
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *arguments: Any) -> None:
            """Say nothing."""

    return Handler
