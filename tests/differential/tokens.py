"""Mutated tokens, judged by the `jwt` library and by PyJWT: tokens.py --verdicts PROGRAM [COUNT] [SEED]

No token but the ones that were signed may be accepted, and whatever is accepted PyJWT must accept as well. PyJWT may
accept more (it reads base64 with padding and bits that do not count): such tokens are counted, and must say what a
signed one says.
"""

import argparse
import base64
import json
import random
import subprocess
import tempfile

import jwt
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def private_keys():
    keys = {f"rsa{number}": rsa.generate_private_key(65537, 2048) for number in (1, 2)}
    curves = {"p256": ec.SECP256R1(), "p384": ec.SECP384R1(), "p521": ec.SECP521R1()}
    keys.update({name: ec.generate_private_key(curve) for name, curve in curves.items()})
    return {**keys, "ed": ed25519.Ed25519PrivateKey.generate()}


def key_of(algorithm, choose):
    names = {"ES256": "p256", "ES384": "p384", "ES512": "p521", "EdDSA": "ed"}
    return names.get(algorithm) or choose.choice(["rsa1", "rsa2"])


def public_set(keys):
    kinds = {"rsa": RSAAlgorithm, "p": ECAlgorithm, "ed": OKPAlgorithm}
    def jwk(name, key):
        kind = next(kind for prefix, kind in kinds.items() if name.startswith(prefix))
        return {**kind.to_jwk(key.public_key(), as_dict=True), "kid": name, "use": "sig", "key_ops": ["verify"]}
    return {"keys": [jwk(name, key) for name, key in keys.items()]}


def mutated(token, others, choose):
    """A token that differs from all that were signed, or not quite a token."""
    header, payload, signature = token.split(".")
    decoded = lambda part: bytearray(base64.urlsafe_b64decode(part + "=="))
    kind = choose.randrange(14)
    if kind == 0:  # one character
        at = choose.randrange(len(token))
        return token[:at] + choose.choice(ALPHABET + ".=+/ ") + token[at + 1:]
    if kind == 1:  # one bit of a part
        parts = [header, payload, signature]
        which = choose.randrange(3)
        data = decoded(parts[which])
        data[choose.randrange(len(data))] ^= 1 << choose.randrange(8)
        parts[which] = encode(bytes(data))
        return ".".join(parts)
    if kind == 2:  # cut, or longer
        at = choose.randrange(len(token))
        return choose.choice([token[:at], token[at:], token + choose.choice(ALPHABET), token[:at] + token])
    if kind == 3:  # a part of another token
        other = choose.choice(others).split(".")
        return ".".join(choose.choice([(other[0], payload, signature), (header, other[1], signature), (header, payload, other[2])]))
    if kind == 4:  # another algorithm
        fields = json.loads(decoded(header))
        fields["alg"] = choose.choice(ALGORITHMS + ["none", "None", "HS256", "HS512", "ES256K", "", None, 1])
        return ".".join([encode(json.dumps(fields).encode()), payload, choose.choice([signature, ""])])
    if kind == 5:  # another key
        fields = json.loads(decoded(header))
        fields["kid"] = choose.choice(["rsa1", "rsa2", "p256", "p384", "p521", "ed", "nobody", "", None])
        return ".".join([encode(json.dumps(fields).encode()), payload, signature])
    if kind == 6:  # another claim
        claims = json.loads(decoded(payload))
        claims[choose.choice(["sub", "aud", "exp", "iss", "new"])] = choose.choice(["admin", 1, [], None])
        return ".".join([header, encode(json.dumps(claims).encode()), signature])
    if kind == 7:  # a number in the signature that proves nothing
        size = len(decoded(signature))
        return ".".join([header, payload, encode(choose.choice([bytes(size), b"\xff" * size, bytes(size - 1) + b"\1"]))])
    if kind == 8:  # r and s
        data = bytes(decoded(signature))
        half = len(data) // 2
        return ".".join([header, payload, encode(choose.choice([data[half:] + data[:half], b"\0" + data, data[1:], data + b"\0"]))])
    if kind == 9:  # bits that do not count, padding
        part = choose.choice([header, payload, signature])
        last = ALPHABET[(ALPHABET.index(part[-1]) ^ choose.choice([1, 2, 3])) % 64]
        return token.replace(part, choose.choice([part[:-1] + last, part + "=", part + "=="]))
    if kind == 10:  # fields that want something
        fields = json.loads(decoded(header))
        fields[choose.choice(["crit", "b64", "jwk", "jku", "x5c"])] = choose.choice([["exp"], [], False, {}, "https://x"])
        return ".".join([encode(json.dumps(fields).encode()), payload, signature])
    if kind == 11:  # white space and other characters between
        at = choose.randrange(len(token))
        return token[:at] + choose.choice([" ", "\t", "\r", "%", "\0", "é", ".", "..", "=", "~"]) + token[at:]
    if kind == 12:  # other letters of the same
        return token.swapcase() if choose.random() < 0.5 else token.upper()
    pieces = [choose.choice(ALPHABET) for _ in range(choose.randrange(60))]
    return choose.choice(["", ".", "..", "..."]) + "".join(pieces) + choose.choice(["", ".", "..", header])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--verdicts", required=True)
    parser.add_argument("count", nargs="?", type=int, default=100_000)
    parser.add_argument("seed", nargs="?", type=int, default=random.randrange(1 << 32))
    options = parser.parse_args()
    choose = random.Random(options.seed)
    keys = private_keys()
    public = public_set(keys)
    verifiers = {key["kid"]: jwt.PyJWK(key, algorithm).key for key in public["keys"] for algorithm in [fitting(key)]}

    def signed(number):
        algorithm = ALGORITHMS[number % len(ALGORITHMS)]
        name = key_of(algorithm, choose)
        claims = {"iss": "https://issuer.example", "aud": "a", "sub": f"u{number}", "exp": 4102444800, "n": [1, {"x": "é"}]}
        return jwt.encode(claims, keys[name], algorithm, {"kid": name})

    tokens = [signed(number) for number in range(200)]
    said = [jwt.decode_complete(token, options={"verify_signature": False})["payload"] for token in tokens]
    candidates = tokens + [mutated(choose.choice(tokens), tokens, choose).replace("\n", "") for _ in range(options.count)]
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(public, file)
        file.flush()
        text = "\n".join(candidates).encode()
        output = subprocess.run([options.verdicts, file.name], input=text, stdout=subprocess.PIPE, check=True).stdout
    verdicts = output.decode().split()
    assert len(verdicts) == len(candidates), (len(verdicts), len(candidates))

    def reference(token):
        try:
            name = jwt.get_unverified_header(token)["kid"]
            return jwt.decode(token, verifiers[name], ALGORITHMS, audience="a")
        except Exception:  # PyJWT lets errors of json and cryptography through
            return None

    originals, wrong, lenient = set(tokens), [], 0
    for token, verdict in zip(candidates, verdicts):
        accepted, claims = verdict == "1", reference(token)
        if accepted != (token in originals) or (accepted and claims is None):
            wrong.append(token)
        if not accepted and claims is not None:
            lenient += 1
            if claims not in said:
                wrong.append(token)
    print(f"seed {options.seed}: {options.count} mutated tokens, {len(wrong)} wrong verdicts, {verdicts.count('1')} accepted "
          f"of {len(tokens)} signed and {sum(c in originals for c in candidates[len(tokens):])} unchanged; "
          f"PyJWT alone takes {lenient} more that are encoded loosely")
    for token in wrong[:10]:
        print(token)
    raise SystemExit(bool(wrong))


def fitting(key):
    return {"RSA": "RS256", "OKP": "EdDSA"}.get(key["kty"]) or {"P-256": "ES256", "P-384": "ES384", "P-521": "ES512"}[key["crv"]]


main()
