"""A token issuer on Authlib: discovery, keys, and tokens for clients. Its key set is a file, read for each request.

issuer.py PORT ISSUER KEYS, where the first key of the file signs.
"""

import json
import os
import sys
from pathlib import Path

from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import ClientMixin
from authlib.oauth2.rfc6749.grants import ClientCredentialsGrant
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata
from authlib.oauth2.rfc9068 import JWTBearerTokenGenerator
from flask import Flask, jsonify
from joserfc.jwk import KeySet

# Tokens over http: this is the loopback interface.
os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"
PORT, ISSUER, KEYS = int(sys.argv[1]), sys.argv[2], Path(sys.argv[3])


class Client(ClientMixin):
    def get_client_id(self):
        return "robot"

    def get_allowed_scope(self, scope):
        return scope or ""

    def check_client_secret(self, secret):
        return secret == "secret"

    def check_endpoint_auth_method(self, method, endpoint):
        return method == "client_secret_basic"

    def check_grant_type(self, grant_type):
        return grant_type == "client_credentials"


class Tokens(JWTBearerTokenGenerator):
    def get_jwks(self):
        return {"keys": json.loads(KEYS.read_text())["keys"][:1]}

    def get_audiences(self, client, user, scope):
        return ["orders"]


app = Flask(__name__)
server = AuthorizationServer(app, query_client=lambda _: Client(), save_token=lambda token, request: None)
server.register_grant(ClientCredentialsGrant)
server.register_token_generator("default", Tokens(issuer=ISSUER))


@app.get("/.well-known/openid-configuration")
def discovery():
    metadata = AuthorizationServerMetadata({
        "issuer": ISSUER, "jwks_uri": f"{ISSUER}/keys", "token_endpoint": f"{ISSUER}/token",
        "response_types_supported": ["token"],
    })
    metadata.validate_issuer()
    return jsonify(metadata)


@app.get("/keys")
def keys():
    return jsonify(KeySet.import_key_set(json.loads(KEYS.read_text())).as_dict(private=False))


@app.post("/token")
def token():
    return server.create_token_response()


app.run("127.0.0.1", PORT, threaded=True)
