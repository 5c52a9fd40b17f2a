"""Functions on an emulator of the Lambda service: as authorizers of both kinds of API, failing, and called asynchronously.

MiniStack runs them in processes of their own, tells their failures by `X-Amz-Function-Error`, and answers asynchronous
calls before the function has run, all as Lambda does. Its queues take the messages that an HTTP API sends by itself.
"""

import io
import json
import os
import sys
import tempfile
import unittest
import zipfile
from pathlib import Path

import botocore.session
from botocore.credentials import Credentials

from callers import ACCOUNT, CREDENTIALS, keys, signed
from processes import JSON, eventually, free_port, gateway, program, send

FOLDER = Path(__file__).parent / "functions"
# The emulator takes the account from the access key.
OWNER = Credentials(ACCOUNT, "test")


def setUpModule():
    """The emulator with its functions, for all tests."""
    global port, notes, sqs, machines
    folder = Path(unittest.enterModuleContext(tempfile.TemporaryDirectory(prefix="apigw-e2e-")))
    port, notes = free_port(), folder / "notes"
    environment = {
        **os.environ, "BIND_HOST": "127.0.0.1", "GATEWAY_PORT": str(port), "SERVICES": "lambda,sqs,stepfunctions,iam,sts,logs",
        "AWS_EC2_METADATA_DISABLED": "true", "TMPDIR": str(folder),
    }
    emulator = [Path(sys.executable).with_name("ministack")]
    unittest.enterModuleContext(program(emulator, port, env=environment, cwd=folder))
    create_functions()
    sqs = client("sqs")
    sqs.create_queue(QueueName="jobs")
    machines = client("stepfunctions")
    keep = json.dumps({"StartAt": "Keep", "States": {"Keep": {"Type": "Pass", "End": True}}})
    machines.create_state_machine(name="orders", definition=keep, roleArn=f"arn:aws:iam::{ACCOUNT}:role/machine")


def client(service):
    return botocore.session.Session().create_client(
        service, "us-east-1", endpoint_url=f"http://127.0.0.1:{port}", aws_access_key_id=OWNER.access_key,
        aws_secret_access_key=OWNER.secret_key,
    )


def create_functions():
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.write(FOLDER / "functions.py", "functions.py")
    functions = client("lambda")
    for name in ["echo", "throws", "notes", "of_token", "of_request", "simple"]:
        functions.create_function(
            FunctionName=name, Handler=f"functions.{name}", Runtime=f"python3.{sys.version_info.minor}",
            Role=f"arn:aws:iam::{ACCOUNT}:role/function", Code={"ZipFile": code.getvalue()}, Timeout=20,
            Environment={"Variables": {"NOTES": str(notes)}},
        )


class Functions(unittest.TestCase):
    @classmethod
    def start(cls, template):
        emulator = {"url": f"http://127.0.0.1:{port}", **keys(OWNER)}
        url = cls.enterClassContext(gateway(FOLDER / template, {
            "apiId": "functions1", "accountId": ACCOUNT, "region": "us-east-1", "credentials": CREDENTIALS,
            "endpoints": {"services": dict.fromkeys(["lambda", "sqs", "states"], emulator)},
        }))
        cls.url = url.rstrip("/")

    def get(self, path, **headers):
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        status, headers, body = send("GET", self.url + path, headers=headers)
        return status, headers, json.loads(body)

    def check(self, path, header, expected):
        """Answers by the word that a caller gives in a header."""
        for word, (status, body) in expected.items():
            with self.subTest(path=path, word=word):
                found = self.get(path, **({header: word} if word else {}))
                self.assertEqual((found[0], found[2]), (status, body))


class RestApi(Functions):
    @classmethod
    def setUpClass(cls):
        cls.start("rest.yaml")

    def test_a_function_reads_the_token(self):
        status, headers, event = self.get("/token", authorization="allow")
        self.assertEqual((status, headers["x-function"]), (200, "echo"), event)
        said = event["requestContext"]["authorizer"]
        self.assertEqual((said["principalId"], said["word"], said["level"]), ("alice", "allow", "7"))
        self.check("/token", "authorization", {
            "deny": (403, {"Message": "User is not authorized to access this resource with an explicit deny"}),
            "unknown": (401, {"message": "Unauthorized"}),
            "NOT A WORD": (401, {"message": "Unauthorized"}),
            "": (401, {"message": "Unauthorized"}),
            "broken": (500, {"message": None}),
        })

    def test_a_function_reads_the_request(self):
        for _ in range(2):
            status, _, event = self.get("/request", x_word="allow")
            self.assertEqual((status, event["requestContext"]["authorizer"]["word"]), (200, "allow"))
        self.check("/request", "x-word", {
            "deny": (403, {"Message": "User is not authorized to access this resource with an explicit deny"}),
            "unknown": (401, {"message": "Unauthorized"}),
            "": (401, {"message": "Unauthorized"}),
            "broken": (500, {"message": None}),
        })

    def test_signed_requests(self):
        status, _, event = self.get("/signed", **signed("GET", f"{self.url}/signed"))
        self.assertEqual((status, event["requestContext"]["identity"]["userArn"]), (200, f"arn:aws:iam::{ACCOUNT}:user/alice"))
        self.assertEqual(self.get("/signed")[::2], (403, {"message": "Missing Authentication Token"}))

    def test_a_function_that_throws(self):
        self.assertEqual(self.get("/throws")[::2], (502, {"message": "Internal server error"}))
        self.assertEqual(self.get("/mapped?wish=you")[::2], (404, {"says": "NotFound: nobody knows you"}))

    def test_an_asynchronous_call(self):
        status, _, body = send("POST", f"{self.url}/later", b'{"job": 7}', JSON)
        self.assertEqual((status, json.loads(body)), (202, {"accepted": True}))
        expected = json.dumps({"job": 7})
        self.assertEqual(eventually(expected, lambda: notes.exists() and notes.read_text()), expected)

    def test_a_state_machine(self):
        order = {"id": 7, "note": 'it\'s "new"\n'}
        status, _, body = send("POST", f"{self.url}/orders", json.dumps(order).encode(), JSON)
        self.assertEqual(status, 200, body)
        started = machines.describe_execution(executionArn=json.loads(body)["executionArn"])
        self.assertEqual(json.loads(started["input"]), order)
        self.assertEqual(send("POST", f"{self.url}/orders-as-is", b'{"id": 7}', JSON)[0], 200)
        # An apostrophe becomes `\\'`, which is no JSON.
        self.assertEqual(send("POST", f"{self.url}/orders-as-is", b'{"note": "it\'s"}', JSON)[0], 400)


class HttpApi(Functions):
    @classmethod
    def setUpClass(cls):
        cls.start("http.yaml")

    REFUSALS = {
        "deny": (403, {"message": "Forbidden"}),
        "unknown": (401, {"message": "Unauthorized"}),
        "": (401, {"message": "Unauthorized"}),
        "broken": (500, {"message": "Internal Server Error"}),
    }

    def test_simple_responses(self):
        status, headers, event = self.get("/simple/7", x_word="allow")
        self.assertEqual((status, headers["x-function"], event["routeKey"]), (200, "echo", "GET /simple/{id}"))
        said = {"lambda": {"word": "allow", "level": 7, "roles": ["a", "b"]}}
        self.assertEqual(event["requestContext"]["authorizer"], said)
        self.check("/simple/7", "x-word", self.REFUSALS)

    def test_policies(self):
        status, _, event = self.get("/policy", x_word="allow")
        self.assertEqual((status, event["requestContext"]["authorizer"]), (200, {"lambda": {"word": "allow", "level": 7}}))
        self.check("/policy", "x-word", self.REFUSALS)

    def test_payload_format_1(self):
        status, _, event = self.get("/older", x_word="allow")
        said = event["requestContext"]["authorizer"]
        self.assertEqual((status, event["version"], said["word"], said["level"]), (200, "1.0", "allow", "7"))
        self.check("/older", "x-word", self.REFUSALS)

    def test_signed_requests(self):
        status, _, event = self.get("/signed", **signed("GET", f"{self.url}/signed"))
        self.assertEqual(status, 200, event)
        self.assertEqual(event["requestContext"]["authorizer"]["iam"]["userArn"], f"arn:aws:iam::{ACCOUNT}:user/alice")
        self.assertEqual(self.get("/signed", x_word="allow")[::2], (403, {"message": "Forbidden"}))

    def test_a_function_that_throws(self):
        self.assertEqual(self.get("/throws")[::2], (500, {"message": "Internal Server Error"}))

    def test_a_refusal_that_a_browser_can_read(self):
        status, headers, _ = self.get("/policy", x_word="deny", origin="https://www.example.com")
        self.assertEqual((status, headers["access-control-allow-origin"]), (403, "https://www.example.com"))

    def test_a_message(self):
        status, _, body = send("POST", f"{self.url}/messages", b'{"job": {"id": 7}}', JSON)
        self.assertEqual(status, 200, body)
        queue = sqs.get_queue_url(QueueName="jobs")["QueueUrl"]
        message, = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=10)["Messages"]
        self.assertEqual((json.loads(body)["MessageId"], json.loads(message["Body"])), (message["MessageId"], {"id": 7}))
        status, _, body = send("POST", f"{self.url}/messages", b"{}", JSON)
        self.assertEqual((status, json.loads(body)), (400, {"message": "Bad Request"}))


if __name__ == "__main__":
    unittest.main()
