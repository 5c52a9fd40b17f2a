"""The chat's functions: who is connected is remembered, and each message goes to all.

On AWS the connections would be in a table; `requestContext` says where @connections is, there as here.
"""

import json
import os
import urllib.error
import urllib.parse
import urllib.request

# `https` with a gateway that has a certificate, as on AWS.
SCHEME = os.environ.get("SCHEME", "http")
connections = set()


def join(event, context):
    connections.add(event["requestContext"]["connectionId"])
    return {"statusCode": 200}


def leave(event, context):
    connections.discard(event["requestContext"]["connectionId"])
    return {"statusCode": 200}


def send(event, context):
    request = event["requestContext"]
    url = f"{SCHEME}://{request['domainName']}/{request['stage']}/@connections/"
    message = json.dumps({"from": request["connectionId"], "text": json.loads(event["body"])["text"]})
    for connection in list(connections):
        push(url + urllib.parse.quote(connection), message, connection)
    return {"statusCode": 200}


def push(url, message, connection):
    try:
        urllib.request.urlopen(urllib.request.Request(url, data=message.encode(), method="POST"))
    except urllib.error.HTTPError as error:
        if error.code == 410:
            connections.discard(connection)
