#!/usr/bin/env python3
"""From an empty account to imported employees, with the functions as processes of `ministack`: `run.py [TARGET_DIR]`.

Every request is an invocation with the event that API Gateway would send; there is no other way in, and nothing is put into a table by hand.
"""
import base64
import contextlib
import csv
import hashlib
import hmac
import json
import struct
import sys
import time
import urllib.parse
import urllib.request

import cloud as clouds

FUNCTIONS = [
    "operator-setup", "sessions", "passwords", "me", "contracts", "employees", "imports", "api-clients", "drop-credentials", "csv-import", "mail-delivery",
]
DATA = clouds.ROOT / "tests" / "data"
SETTLED = {"checked", "rejected", "applied", "applied_with_conflicts", "failed"}
OPERATOR = {"login_id": "operator1", "name": "運営 太郎", "mail": "operator1@ailes-plus.example"}
ADMINISTRATOR = {"login_id": "admin", "name": "港 花子", "mail": "admin@minato.example"}
PASSWORD = "Tsukimi-2026-Susuki"


def code_at(secret, step):
    """A one-time password (RFC 6238: SHA-1, six digits)."""
    digest = hmac.digest(base64.b32decode(secret + "=" * (-len(secret) % 8)), struct.pack(">Q", step), hashlib.sha1)
    start = digest[-1] & 15
    return f"{(int.from_bytes(digest[start:start + 4], 'big') & 0x7FFFFFFF) % 1_000_000:06}"


class Person:
    """Somebody with an account: asks, and remembers what signing in takes."""

    def __init__(self, cloud, tenant_code, login_id, password):
        self.cloud, self.tenant_code, self.login_id, self.password = cloud, tenant_code, login_id, password
        self.token, self.secret, self.step = None, None, 0

    def ask(self, method, path, body=None, query=None, expect=200):
        """Invokes the function behind a path. It is named like the path's first part, but for tokens and passwords. A body that is text is a form."""
        name = {"oauth": "sessions"}.get(path.split("/")[2], path.split("/")[2])
        if path == "/v1/me/password":
            name = "passwords"
        # The example shows what API Gateway sends.
        event = json.loads((clouds.ROOT / "events" / "sessions.json").read_text())
        headers = {"Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded" if isinstance(body, str) else "application/json", "X-Forwarded-For": "127.0.0.1", "X-Forwarded-Proto": "https"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        several = {key: [value] for key, value in (query or {}).items()}
        event |= {
            "resource": path, "path": path, "httpMethod": method,
            "headers": headers, "multiValueHeaders": {key: [value] for key, value in headers.items()},
            "queryStringParameters": query, "multiValueQueryStringParameters": several or None,
            "body": body if body is None or isinstance(body, str) else json.dumps(body),
        }
        event["requestContext"] |= {"resourcePath": path, "httpMethod": method, "path": f"/live{path}"}
        event["requestContext"]["identity"]["sourceIp"] = "127.0.0.1"
        answer = self.cloud.invoke(name, event)
        if answer["statusCode"] != expect:
            raise AssertionError(f"{method} {path} answers {answer['statusCode']}, not {expect}: {answer.get('body')}")
        return json.loads(answer["body"]) if answer.get("body") else None

    def otp(self):
        """A code that was not used before; the service takes the one of the next half minute, too."""
        def next_step():
            now = int(time.time()) // 30
            step = max(now, self.step + 1)
            return step if step <= now + 1 else None
        self.step = clouds.until("a fresh one-time password", 40, next_step)
        return code_at(self.secret, self.step)

    def sign_in(self):
        self.token = None
        body = {"login_id": self.login_id, "password": self.password} | ({"tenant_code": self.tenant_code} if self.tenant_code else {})
        if not self.secret:
            tokens = self.ask("POST", "/v1/sessions", body, expect=201)
        else:
            challenge = self.ask("POST", "/v1/sessions", body, expect=202)["challenge_token"]
            tokens = self.ask("POST", "/v1/sessions/otp", {"challenge_token": challenge, "code": self.otp()}, expect=201)
        self.token = tokens["access_token"]

    def settle_in(self):
        """What a new account goes through: its own password, and a second factor."""
        self.sign_in()
        self.ask("PUT", "/v1/me/password", {"current_password": self.password, "new_password": PASSWORD})
        self.password = PASSWORD
        self.sign_in()
        self.secret = self.ask("POST", "/v1/me/otp", expect=201)["secret"]
        self.ask("PUT", "/v1/me/otp", {"code": self.otp()})
        self.sign_in()

    def import_file(self, kind, file, rows):
        """Imports a file by the address that starting an import answers with."""
        started = self.ask("POST", "/v1/imports", {"kind": kind, "file_name": f"{kind}.csv"}, expect=201)
        upload = urllib.request.Request(started["upload"]["url"], file, {"Content-Type": "text/csv"}, method=started["upload"]["method"])
        urllib.request.urlopen(upload, timeout=10).close()

        def settled():
            found = self.ask("GET", f"/v1/imports/{started['id']}")
            return found if found["state"] in SETTLED else None

        applied(clouds.until(f"the import of {kind} ends", 60, settled), rows)


def applied(found, rows):
    """Every row of the file is applied, and none is anything else."""
    same(found["state"], "applied", f"state of {found}")
    same({name: count for name, count in found["rows"].items() if count}, {"read": rows, "applied": rows}, "rows")


def same(found, expected, what):
    if found != expected:
        raise AssertionError(f"{what}: {found!r}, not {expected!r}")


class Steps:
    """Counts steps; the first that fails is the last, because each needs the one before."""

    cloud = None
    passed = failed = 0

    @contextlib.contextmanager
    def __call__(self, what, job=None):
        """A step; `job` is what works for it without being invoked."""
        started = time.monotonic()
        try:
            yield
        except Exception as error:
            self.failed += 1
            print(f"FAILED {what}: {error}")
            for name in filter(None, (self.cloud.asked, job)):
                print(f"  the end of what {name} logged:\n{self.cloud.logs(name)}")
            raise SystemExit(1) from error
        self.passed += 1
        print(f"ok {what} ({time.monotonic() - started:.1f} s)", flush=True)


def flow(cloud, step):
    with step("the first operator is made"):
        made = cloud.invoke("operator-setup", {"networks": ["127.0.0.0/8"], "operators": [OPERATOR]})
        same([operator["login_id"] for operator in made["operators"]], [OPERATOR["login_id"]], "operators")
    with step("the operator settles in"):
        operator = Person(cloud, None, OPERATOR["login_id"], made["operators"][0]["initial_password"])
        operator.settle_in()
    with step("the operator makes a contract"):
        body = {
            "tenant_code": "minato", "name": "みなと精機株式会社", "services": [{"service": "checkup"}],
            "administrator": ADMINISTRATOR, "drop_kinds": ["departments", "employees"],
        }
        contract = operator.ask("POST", "/v1/contracts", body, expect=201)
    with step("its administrator settles in"):
        administrator = Person(cloud, "minato", ADMINISTRATOR["login_id"], contract["administrator"]["initial_password"])
        administrator.settle_in()
    with step("departments are imported", "csv-import"):
        file = (DATA / "departments.csv").read_bytes()
        administrator.import_file("departments", file, len(file.splitlines()) - 1)
    heading, *lines = (DATA / "employees.sjis.csv").read_bytes().splitlines(keepends=True)
    sent, dropped = lines[:49], lines[49:99]
    with step("employees are imported from Shift_JIS", "csv-import"):
        administrator.import_file("employees", heading + b"".join(sent), len(sent))
    with step("a program is let in and gets a token"):
        made = administrator.ask("POST", "/v1/api-clients", {"name": "勤怠システム連携", "drop_kinds": ["employees"]}, expect=201)
        program = Person(cloud, None, None, None)
        form = {"grant_type": "client_credentials", "client_id": made["client"]["oauth_client_id"], "client_secret": made["client_secret"]}
        program.token = program.ask("POST", "/v1/oauth/token", urllib.parse.urlencode(form))["access_token"]
    with step("employees of a file that the program drops are imported", "csv-import"):
        issued = program.ask("POST", "/v1/drop-credentials")
        s3 = cloud.client("s3", issued)
        s3.put_object(Bucket=issued["bucket"], Key=f"{issued['prefixes'][0]}x.csv", Body=heading + b"".join(dropped))

        def settled():
            found = administrator.ask("GET", "/v1/imports", query={"kind": "employees"})["items"]
            return next((item for item in found if item["way"] == "drop" and item["state"] in SETTLED), None)

        applied(clouds.until("the import of the dropped file ends", 60, settled), len(dropped))
    with step("the employees are read back, page by page"):
        found, query = {}, {"limit": "30"}
        while query:
            page = administrator.ask("GET", "/v1/employees", query=query)
            found |= {employee["employee_number"]: employee["name"] for employee in page["items"]}
            query = page["next_cursor"] and {"limit": "30", "cursor": page["next_cursor"]}
        rows = csv.reader(line.decode("cp932") for line in sent + dropped)
        # A name is kept with a wide space, whichever it came with.
        expected = {number: name.replace(" ", "\u3000") for number, name, *_ in rows}
        same(sorted(found.items() ^ expected.items()), [], "employees that differ from the files")
    with step("mails about the new passwords left by the outbox's stream", "mail-delivery"):
        def mails():
            with urllib.request.urlopen(f"{cloud.url}/_ministack/ses/messages", timeout=10) as answer:
                text = answer.read().decode()
            return all(person["mail"] in text for person in (OPERATOR, ADMINISTRATOR))
        clouds.until("both mails are sent", 30, mails)


def main():
    target = sys.argv[1] if len(sys.argv) > 1 else str(clouds.ROOT / "target")
    step = Steps()
    try:
        binaries = clouds.build(FUNCTIONS, target)
        with clouds.Cloud() as cloud:
            step.cloud = cloud
            with step("the templates are deployed"):
                cloud.deploy(FUNCTIONS, binaries)
                # As docs/deploying.md says: the domain that mails come from is an identity of SES before there is a deployment.
                cloud.client("sesv2").create_email_identity(EmailIdentity=clouds.settings()["MailDomain"])
            flow(cloud, step)
    except BaseException:
        # Whatever it was, it is not a success: not even before the first step.
        step.failed = step.failed or 1
        raise
    finally:
        print(f"{step.passed} passed, {step.failed} failed")


if __name__ == "__main__":
    main()
