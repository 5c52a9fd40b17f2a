"""The chat's functions: who is connected is remembered, and each message goes to all.

On AWS the connections would be in a table; `requestContext` says where @connections is, there as here.
"""

import json
import urllib.error
import urllib.parse
import urllib.request

connections = set()


def join(event, context):
    connections.add(event["requestContext"]["connectionId"])
    return {"statusCode": 200}


def leave(event, context):
    connections.discard(event["requestContext"]["connectionId"])
    return {"statusCode": 200}


def send(event, context):
    request = event["requestContext"]
    url = f"http://{request['domainName']}/{request['stage']}/@connections/"
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
