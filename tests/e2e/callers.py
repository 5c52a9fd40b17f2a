"""Callers that sign their requests with botocore, and what the gateway knows of them."""

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

ACCOUNT = "123456789012"
SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
ALICE = Credentials("AKIDALICE", SECRET)
SESSION = Credentials("ASIASESSION", SECRET, "IQoJEXAMPLE//TOKEN==")


def keys(credentials):
    """Credentials as settings have them."""
    token = {"sessionToken": credentials.token} if credentials.token else {}
    return {"accessKeyId": credentials.access_key, "secretAccessKey": credentials.secret_key, **token}


def known(credentials, principal):
    """An entry of the settings' `credentials`, for a caller who may invoke everything."""
    statement = {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": "*"}
    return {
        **keys(credentials), "principalArn": f"arn:aws:{principal}",
        "policies": [{"Version": "2012-10-17", "Statement": [statement]}],
    }


CREDENTIALS = [
    known(ALICE, f"iam::{ACCOUNT}:user/alice"),
    known(SESSION, f"sts::{ACCOUNT}:assumed-role/reader/s1"),
]


def signed(method, url, body=None, headers=None, credentials=ALICE):
    """The headers of a request, its signature among them."""
    request = AWSRequest(method, url, headers or {}, body)
    SigV4Auth(credentials, "execute-api", "us-east-1").add_auth(request)
    return dict(request.headers)
