#!/usr/bin/env python3
"""Every function as a process, with its examples in events/: `events.py [--without NAME]… [TARGET_DIR]`.

Here the Lambda Runtime API is our own, so that nothing stands between a binary and its example; the AWS services behind it are ministack's, deployed from our
templates. The examples speak of tenants that do not exist: a refusal is an answer, an error of the invocation or a 5xx is not.
"""
import argparse
import http.server
import json
import queue
import subprocess
import threading
import time

import cloud as clouds

SECONDS = 30
VERSION = "/2018-06-01/runtime/"


class RuntimeApi(http.server.ThreadingHTTPServer):
    """The Lambda Runtime API for one process: hands out invocations, takes what becomes of them."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.invocations, self.outcomes = queue.Queue(), queue.Queue()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, *_):
        """A process that was ended left in the middle of asking for more: nothing to tell."""

    def invoke(self, event):
        """What a process makes of an event: `response`, `error` or `init`, and the body that it sent."""
        self.invocations.put(event)
        return self.outcomes.get(timeout=SECONDS)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        body = self.server.invocations.get()
        headers = {
            "Lambda-Runtime-Aws-Request-Id": "8476a536-e9f4-11e8-9739-2dfe598c3fcd",
            "Lambda-Runtime-Deadline-Ms": str(int((time.time() + SECONDS) * 1000)),
            "Lambda-Runtime-Invoked-Function-Arn": f"arn:aws:lambda:{clouds.REGION}:{clouds.ACCOUNT}:function:example",
            "Lambda-Runtime-Trace-Id": "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=0",
        }
        self._answer(200, body, headers)

    def do_POST(self):
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            body = b""
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        else:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        # /2018-06-01/runtime/invocation/ID/response, …/error, or /2018-06-01/runtime/init/error
        *_, kind, last = self.path.removeprefix(VERSION).split("/")
        self._answer(202, b"{}", {})
        self.server.outcomes.put(("init" if kind == "init" else last, body))

    def _answer(self, status, body, headers):
        self.send_response(status)
        for name, value in (headers | {"Content-Type": "application/json", "Content-Length": str(len(body))}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def examples(names):
    """Examples by function. A file is named like its function; more than one have an ending each."""
    found = {name: [] for name in names}
    for path in sorted((clouds.ROOT / "events").glob("*.json")):
        owners = [name for name in clouds.functions() if path.stem == name or path.stem.startswith(f"{name}-")]
        if not owners:
            raise SystemExit(f"{path.name} belongs to no function")
        owner = max(owners, key=len)
        if owner in found:
            found[owner].append(path)
    return found


def judged(outcome, body):
    """What to say of an outcome, and whether it is one."""
    answer = json.loads(body) if body else None
    status = answer.get("statusCode") if isinstance(answer, dict) else None
    if outcome != "response" or (status or 0) >= 500:
        return f"{outcome}: {body.decode()[:2000]}", False
    if status:
        return f"answers {status}", True
    if again := answer.get("batchItemFailures") if isinstance(answer, dict) else None:
        return f"wants {len(again)} of its records again", False
    # No more than that: what operator-setup answers holds passwords.
    return "answers", True


def run(cloud, name, binary, paths):
    """Runs a function's examples in one process; answers how many passed and failed."""
    api = RuntimeApi()
    environment = cloud.environment() | cloud.settings_of(name) | {
        "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{api.server_address[1]}",
        "AWS_LAMBDA_FUNCTION_NAME": f"{cloud.prefix}-{name}",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
    }
    log = cloud.folder / f"{name}.log"
    passed = failed = 0
    with open(log, "wb") as output:
        process = subprocess.Popen([binary], env=environment, stdout=output, stderr=subprocess.STDOUT)
        try:
            for path in paths:
                started = time.monotonic()
                try:
                    said, is_good = judged(*api.invoke(path.read_bytes()))
                except queue.Empty:
                    said, is_good = f"no answer in {SECONDS} s; the process's exit code is {process.poll()}", False
                print(f"{'ok' if is_good else 'FAILED'} {path.name} {said} ({time.monotonic() - started:.2f} s)", flush=True)
                passed, failed = passed + is_good, failed + (not is_good)
        finally:
            process.kill()
            process.wait()
            api.shutdown()
    if not paths:
        print(f"FAILED {name} has no example in events/")
        failed += 1
    elif failed:
        print(f"  the end of what {name} logged:\n{cloud.tail(log.read_text())}")
    return passed, failed


def restore(cloud):
    """Makes the table that the drill's example speaks of, as AWS Backup would have."""
    event = json.loads((clouds.ROOT / "events" / "backup-drill.json").read_text())
    name = event["detail"]["createdResourceArn"].rsplit("/", 1)[1]
    cloud.client("dynamodb").restore_table_to_point_in_time(SourceTableName=f"{cloud.prefix}-records", TargetTableName=name, UseLatestRestorableTime=True)


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--without", action="append", default=[], metavar="NAME", help="leave this function out")
    arguments.add_argument("target", nargs="?", default=str(clouds.ROOT / "target"))
    arguments = arguments.parse_args()
    names = [name for name in clouds.functions() if name not in arguments.without]
    binaries = clouds.build(arguments.target)
    passed = failed = 0
    with clouds.Cloud() as cloud:
        cloud.deploy(names, binaries)
        restore(cloud)
        for name, paths in examples(names).items():
            more = run(cloud, name, binaries / name, paths)
            passed, failed = passed + more[0], failed + more[1]
    print(f"{passed} passed, {failed} failed")
    raise SystemExit(1 if failed else 0)


if __name__ == "__main__":
    main()
