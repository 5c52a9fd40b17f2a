"""Functions behind the APIs of rest.yaml and http.yaml, and those that say who may call them."""

import json
import os
import pathlib


def echo(event, context):
    return {"statusCode": 200, "headers": {"x-function": context.function_name}, "body": json.dumps(event)}


def throws(event, context):
    raise LookupError(f"NotFound: nobody knows {event.get('wish', 'this')}")


def notes(event, context):
    """What an asynchronous call leaves behind."""
    pathlib.Path(os.environ["NOTES"]).write_text(json.dumps(event))


def of_token(event, context):
    return policy(event["authorizationToken"], event["methodArn"])


def of_request(event, context):
    headers = {name.lower(): value for name, value in event["headers"].items()}
    return policy(headers["x-word"], event.get("methodArn") or event["routeArn"])


def simple(event, context):
    word, = event["identitySource"]
    return {"isAuthorized": decide(word), "context": {"word": word, "level": 7, "roles": ["a", "b"]}}


def policy(word, resource):
    statement = {"Action": "execute-api:Invoke", "Effect": "Allow" if decide(word) else "Deny", "Resource": resource}
    return {
        "principalId": "alice", "policyDocument": {"Version": "2012-10-17", "Statement": [statement]},
        "context": {"word": word, "level": 7},
    }


def decide(word):
    if word == "unknown":
        raise Exception("Unauthorized")
    if word == "broken":
        raise RuntimeError("the user store is away")
    return word == "allow"
