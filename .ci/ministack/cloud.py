"""Our templates and binaries on `ministack`: starts it, deploys to it, and takes everything down again.

What is deployed is infra/template.yaml with the settings of `production` in samconfig.toml. What differs from `sam deploy`:

1. Nested stacks are created one after the other, with the parameters and outputs that template.yaml connects them by. ministack applies the SAM transform to
   the stack that it is asked for, and not to stacks within it.
2. Five of the nested stacks are left out. `Api`: ministack ignores an API's OpenAPI document, so there would be no routes; functions are invoked with API Gateway's events
   (gateway.py), and whoever wants the API's address is given that one. `Firewall` stands in front of that API, and ministack knows no `AWS::WAFv2::IPSet`, association or
   logging. `Backup`: no `AWS::Backup::BackupSelection`, no restore testing. `Mail`: an identity of SES has no DKIM records there, which are what that stack puts out.
   `Alarms`: no `AWS::Budgets::Budget`, no alarm over several metrics, and nothing that would set one off.
3. Functions that a run does not need are left out, with what mentions them.
4. `CodeUri` is a zip of a binary that cargo built here, for the processor of this machine.
5. Parameters that are numbers are put into resources as numbers. ministack hands on their text, and its queue poller stops at a `MaximumConcurrency` of "8".

Everything else is deployed as the templates say. Roles and key policies are made, but not enforced: only a real deployment shows one that is too narrow.
"""
import json
import os
import platform
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import tomllib
import urllib.request
import zipfile
from pathlib import Path

import boto3
import yaml
from botocore.config import Config

ROOT = Path(__file__).resolve().parents[2]
REGION = "ap-northeast-1"
# The account that the examples in events/ come from.
ACCOUNT = "123456789012"
PROFILE = "debug"
PACKAGES_BUCKET = "packages"
LEFT_OUT = {"Api", "Firewall", "Backup", "Mail", "Alarms"}
# Where nobody answers.
NOWHERE = "http://127.0.0.1:1"
# What samconfig.toml leaves to whoever deploys: without it there is no canary.
CANARY = {"CanaryTenantCode": "minato", "CanaryLoginId": "canary@minato.example", "CanaryPassword": "Sekirei-2026-Shirasagi"}


def until(what, seconds, look):
    """What `look` answers as soon as it answers something."""
    deadline = time.monotonic() + seconds
    while not (found := look()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {seconds} s: {what}")
        time.sleep(0.1)
    return found


def functions():
    """Every function of the service: its package is its folder, its binary and the end of its name."""
    return sorted(folder.name for folder in (ROOT / "functions").glob("*/*") if (folder / "Cargo.toml").exists())


def build(target):
    """Builds every function; answers where the binaries are. Together with the tests, so that what `cargo test --workspace` built has the same features and is not built again."""
    subprocess.run(["cargo", "build", "--workspace", "--bins", "--tests", "--target-dir", target], cwd=ROOT, check=True)
    return Path(target) / PROFILE


class Yaml(yaml.SafeLoader):
    """YAML with CloudFormation's short forms, read as the long ones."""


def _intrinsic(loader, suffix, node):
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}": value}


Yaml.add_multi_constructor("!", _intrinsic)


def template(name):
    return yaml.load((ROOT / "infra" / name).read_text(), Yaml)


def settings():
    """What a deployment is told: `parameter_overrides` of production."""
    with open(ROOT / "samconfig.toml", "rb") as file:
        overrides = tomllib.load(file)["production"]["deploy"]["parameters"]["parameter_overrides"]
    return dict(shlex.split(override)[0].split("=", 1) for override in overrides)


class Cloud:
    """A running ministack; use it as a context manager."""

    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="ministack-"))
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = self.folder / "ministack.log"
        self.process = None
        # Of stacks, by name.
        self.outputs = {}
        # Which function was invoked last, for whoever wants to see what it logged.
        self.asked = None
        self.credentials = {"AWS_ACCESS_KEY_ID": ACCOUNT, "AWS_SECRET_ACCESS_KEY": "none", "AWS_REGION": REGION, "AWS_DEFAULT_REGION": REGION}

    def environment(self):
        """This process's environment without any AWS account that somebody may be signed in to, and with this cloud instead."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        return kept | self.credentials | {"AWS_ENDPOINT_URL": self.url}

    def __enter__(self):
        # A stop from outside takes the same way out as an error.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))
        own = {
            "BIND_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(self.port),
            "MINISTACK_REGION": REGION,
            "MINISTACK_ACCOUNT_ID": ACCOUNT,
            # Whatever it writes: state, objects, the code of functions.
            "TMPDIR": str(self.folder),
            "STATE_DIR": str(self.folder / "state"),
            "S3_DATA_DIR": str(self.folder / "s3"),
            # It would listen on a port that everybody shares.
            "IOT_MTLS_ENABLED": "0",
        }
        with open(self.log, "wb") as log:
            # A group of its own, so that the functions' processes end with it.
            self.process = subprocess.Popen(
                [sys.executable, str(Path(__file__).with_name("serve.py"))],
                env=self.environment() | own, cwd=self.folder, stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
            )
        try:
            until("ministack answers", 60, self._is_ready)
        except BaseException:
            print(self.tail(self.log.read_text()))
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for how, seconds in ((signal.SIGTERM, 5), (signal.SIGKILL, 5)):
            try:
                os.killpg(self.process.pid, how)
                self.process.wait(seconds)
            except (ProcessLookupError, subprocess.TimeoutExpired):
                pass
        shutil.rmtree(self.folder, ignore_errors=True)

    def _is_ready(self):
        if self.process.poll() is not None:
            raise RuntimeError("ministack ended")
        try:
            return urllib.request.urlopen(f"{self.url}/_ministack/ready", timeout=2).status == 200
        except OSError:
            return False

    def client(self, service, session=None):
        """A client with the account's own credentials, or with those of a session."""
        own = {"access_key_id": ACCOUNT, "secret_access_key": self.credentials["AWS_SECRET_ACCESS_KEY"], "session_token": None}
        given = {f"aws_{name}": (session or own)[name] for name in own}
        return boto3.client(
            service, endpoint_url=self.url, region_name=REGION, **given,
            # An invocation is not sent twice, however long it takes.
            config=Config(retries={"total_max_attempts": 1}, read_timeout=330, s3={"addressing_style": "path"}),
        )

    def deploy(self, names, binaries, address=NOWHERE):
        """Deploys infra/template.yaml with these functions; `binaries` is where cargo put them, `address` where the API is."""
        self.client("s3").create_bucket(Bucket=PACKAGES_BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
        parent = template("template.yaml")
        defaults = {name: str(about["Default"]) for name, about in parent["Parameters"].items() if "Default" in about}
        given = defaults | settings() | CANARY
        self.outputs["Api"] = {"Address": address}
        self.prefix = given["Prefix"]
        for stack, resource in parent["Resources"].items():
            if stack in LEFT_OUT:
                continue
            parameters = {name: self._connected(value, given) for name, value in resource["Properties"]["Parameters"].items()}
            body = template(resource["Properties"]["TemplateURL"])
            numbers = {name: int(parameters[name]) for name, about in body["Parameters"].items() if about["Type"] == "Number"}
            body["Resources"] = with_numbers(body["Resources"], numbers)
            if "Transform" in body:
                package(body, names, lambda name: self._uploaded_code(name, binaries))
            self._create(stack, body, parameters)

    def _connected(self, value, given):
        """A parameter that the parent gives: one of its own, or another stack's output."""
        if "Ref" in value:
            return given[value["Ref"]]
        stack, output = value["Fn::GetAtt"]
        return self.outputs[stack][output.removeprefix("Outputs.")]

    def _uploaded_code(self, name, binaries):
        archive, binary = self.folder / f"{name}.zip", self.folder / name
        # Without the lines that debuggers read, which would be most of it.
        subprocess.run(["strip", "-o", binary, binaries / name], check=True)
        with zipfile.ZipFile(archive, "w") as zipped:
            zipped.write(binary, "bootstrap")
        binary.unlink()
        self.client("s3").upload_file(str(archive), PACKAGES_BUCKET, archive.name)
        archive.unlink()
        return {"Bucket": PACKAGES_BUCKET, "Key": f"{name}.zip"}

    def _create(self, stack, body, parameters):
        # Through a bucket, as `sam deploy` does: a template of more than 51,200 bytes cannot be sent itself.
        self.client("s3").put_object(Bucket=PACKAGES_BUCKET, Key=f"{stack}.json", Body=json.dumps(body).encode())
        cloudformation = self.client("cloudformation")
        cloudformation.create_stack(
            StackName=stack, TemplateURL=f"{self.url}/{PACKAGES_BUCKET}/{stack}.json", Capabilities=["CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
            Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()],
        )

        def settled():
            found = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]
            return None if found["StackStatus"].endswith("_IN_PROGRESS") else found

        made = until(f"stack {stack}", 120, settled)
        if made["StackStatus"] != "CREATE_COMPLETE":
            events = cloudformation.describe_stack_events(StackName=stack)["StackEvents"]
            reasons = [f"  {event['LogicalResourceId']}: {event['ResourceStatusReason']}" for event in events if event.get("ResourceStatusReason")]
            raise RuntimeError(f"stack {stack} is {made['StackStatus']}\n" + "\n".join(reasons))
        self.outputs[stack] = {output["OutputKey"]: output["OutputValue"] for output in made.get("Outputs", [])}

    def invoke(self, name, event):
        """What a function answers; an error of the invocation is one here."""
        self.asked = name
        answer = self.client("lambda").invoke(FunctionName=f"{self.prefix}-{name}", Payload=json.dumps(event).encode())
        payload = json.loads(answer["Payload"].read())
        if "FunctionError" in answer:
            raise AssertionError(f"{name} ends with {payload}")
        return payload

    def settings_of(self, name):
        """The environment that a function's process gets from its template."""
        return self.client("lambda").get_function_configuration(FunctionName=f"{self.prefix}-{name}")["Environment"]["Variables"]

    def logs(self, name):
        """The end of what a function logged."""
        logs, group = self.client("logs"), f"/aws/lambda/{self.prefix}-{name}"
        events = [event for page in logs.get_paginator("filter_log_events").paginate(logGroupName=group) for event in page["events"]]
        return self.tail("\n".join(event["message"].rstrip() for event in events))

    @staticmethod
    def tail(text, lines=15):
        return "\n".join(f"  | {line}" for line in text.splitlines()[-lines:])


def package(body, names, code_of):
    """Makes a template with functions deployable: `names` only, with their code."""
    body["Globals"]["Function"]["Architectures"] = ["arm64" if platform.machine() in ("aarch64", "arm64") else "x86_64"]
    gone = set()
    for logical, resource in list(body["Resources"].items()):
        if resource["Type"] != "AWS::Serverless::Function":
            continue
        name = resource["Metadata"]["BuildProperties"]["Binary"]
        if name in names:
            resource["Properties"]["CodeUri"] = code_of(name)
        else:
            gone.add(logical)
            del body["Resources"][logical]
    # What mentions a function that is not there goes with it.
    for part in ("Resources", "Outputs"):
        for logical, about in list(body.get(part, {}).items()):
            if gone & mentions(about):
                del body[part][logical]


def with_numbers(value, numbers):
    """A part of a template in which these parameters are numbers."""
    if isinstance(value, list):
        return [with_numbers(part, numbers) for part in value]
    if not isinstance(value, dict):
        return value
    if value.get("Ref") in numbers:
        return numbers[value["Ref"]]
    return {key: with_numbers(part, numbers) for key, part in value.items()}


def mentions(value):
    """Logical ids that a part of a template refers to."""
    if isinstance(value, list):
        return set().union(*map(mentions, value)) if value else set()
    if not isinstance(value, dict):
        return set()
    found = set().union(*map(mentions, value.values())) if value else set()
    if isinstance(value.get("Ref"), str):
        found.add(value["Ref"])
    if "Fn::GetAtt" in value:
        found.add(value["Fn::GetAtt"][0])
    if "Fn::Sub" in value:
        text = value["Fn::Sub"] if isinstance(value["Fn::Sub"], str) else value["Fn::Sub"][0]
        found |= {name.split(".")[0] for name in re.findall(r"\$\{([A-Za-z0-9.]+)\}", text)}
    return found
