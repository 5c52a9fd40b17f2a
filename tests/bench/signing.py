"""Signature Version 4, for the clients of signed methods."""

import hashlib
import hmac
import time

CREDENTIALS = {
    "accessKeyId": "AKIDBENCH", "secretAccessKey": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
    "principalArn": "arn:aws:iam::123456789012:user/bench",
    "policies": [{
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": "arn:aws:execute-api:*:*:*/prod/*"}],
    }],
}


def headers(method, host, path, body):
    """Headers that sign a request now; good for five minutes."""
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    scope = f"{stamp[:8]}/us-east-1/execute-api/aws4_request"
    digest = hashlib.sha256(body).hexdigest()
    canonical = f"{method}\n{path}\n\nhost:{host}\nx-amz-date:{stamp}\n\nhost;x-amz-date\n{digest}"
    to_sign = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    key = b"AWS4" + CREDENTIALS["secretAccessKey"].encode()
    for part in [*scope.split("/"), to_sign]:
        key = hmac.digest(key, part.encode(), "sha256")
    return {
        "X-Amz-Date": stamp,
        "Authorization": f"AWS4-HMAC-SHA256 Credential={CREDENTIALS['accessKeyId']}/{scope}, "
                         f"SignedHeaders=host;x-amz-date, Signature={key.hex()}",
    }
