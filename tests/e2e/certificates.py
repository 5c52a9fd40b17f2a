"""Keys and certificates, as openssl makes them."""

import subprocess
from typing import NamedTuple


class Certificate(NamedTuple):
    """Files of a certificate that its own authority signs."""

    chain: str
    key: str


def certificate(folder, name, *hosts):
    """For hosts such as `DNS:localhost`, in a folder under a name."""
    made = Certificate(f"{folder}/{name}.pem", f"{folder}/{name}.key")
    command = [
        "openssl", "req", "-x509", "-days", "2", "-subj", f"/CN={name}", "-addext", f"subjectAltName={','.join(hosts)}",
        "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc", "-keyout", made.key, "-out", made.chain,
    ]
    subprocess.run(command, check=True, capture_output=True)
    return made
